package parser

import (
	"reflect"
	"testing"
)

// TestRecordEachSlice fills every byte slice of a Record by reflection and checks
// that EachSlice visits them all: one left out would point into a reused buffer.
func TestRecordEachSlice(t *testing.T) {
	r := Record{Kind: KindAccess}
	r.Access.Tries = MaxAttempts
	want := 0
	var fill func(v reflect.Value)
	fill = func(v reflect.Value) {
		switch {
		case v.Type() == reflect.TypeFor[[]byte]():
			v.SetBytes([]byte("x"))
			want++
		case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[Format]():
			for i := range v.NumField() {
				fill(v.Field(i))
			}
		case v.Kind() == reflect.Array:
			for i := range v.Len() {
				fill(v.Index(i))
			}
		}
	}
	fill(reflect.ValueOf(&r).Elem())
	got := 0
	r.EachSlice(func(b *[]byte) {
		if string(*b) != "x" {
			t.Error("visits a slice twice")
		}
		*b = []byte("y")
		got++
	})
	if got != want {
		t.Errorf("EachSlice visits %d slices, the record has %d", got, want)
	}
}
