package scan

import (
	"bytes"
	"math/rand"
	"testing"
	"time"
	"os"
	"runtime/pprof"
)

func TestHang(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	go func() {}()
	for i := 0; i < 3000; i++ {
		a, b := traces[rng.Intn(len(traces))].text, traces[rng.Intn(len(traces))].text
		text := []byte(a[:rng.Intn(len(a))] + b[rng.Intn(len(b)):])
		for k := 0; k < rng.Intn(6); k++ {
			text[rng.Intn(len(text))] = byte(rng.Intn(256))
		}
		done := make(chan bool)
		go func() { readBounded(t, bytes.NewReader(text)); readBounded(t, &chunks{string(text), 1+rng.Intn(50)}); close(done) }()
		select {
		case <-done:
		case <-time.After(2 * time.Second):
			pprof.Lookup("goroutine").WriteTo(os.Stdout, 1)
			t.Fatalf("hang %q", text)
		}
	}
}
