package source

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// A kmsg reads the kernel's ring buffer: one record a read,
// "priority,sequence,microseconds,flags;text" and further lines that begin with a blank
// (Documentation/ABI/testing/dev-kmsg). Its place is the boot and the sequence number. A
// number that is left out is a record that was overwritten before it was read.
type kmsg struct {
	device string
	now    func() time.Time
	join   bool // records so far are past
	poll   time.Duration
	boot   string // this boot's id
	seen   string // that of last
	last   int64  // sequence of the last record handed over; -1 is none
	line   []byte
}

// kmsgRecord is more than a record has (PRINTK_MESSAGE_MAX, 2048, and its dictionary).
const kmsgRecord = 16 << 10

// resume begins behind a cursor, "BOOT:SEQUENCE".
func (k *kmsg) resume(cursor string) {
	k.last = -1
	boot, number, ok := strings.Cut(cursor, ":")
	if n, err := strconv.ParseInt(number, 10, 64); ok && err == nil && n >= 0 {
		k.seen, k.last = boot, n
	}
}

func (k *kmsg) run(b *pipeBuffer) {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	k.boot = string(bytes.TrimSpace(id))
	if k.seen != k.boot {
		k.seen, k.last = k.boot, -1
	}
	b.cursor = func([]byte) string { return fmt.Sprintf("%s:%d", k.boot, k.last) }
	for b.ctx.Err() == nil {
		if err := k.follow(b); b.ctx.Err() == nil {
			b.say(err)
		}
		if !b.pause(4 * k.poll) {
			return
		}
	}
}

// A recordReader reads one record. Unless it may wait, errWait says that there is none.
type recordReader interface {
	readRecord(p []byte, wait bool) (int, error)
}

var errWait = errors.New("nothing at present")

// drain hands over what there is, and waits for the first if it may. It returns nil if
// there is nothing more at present.
func (k *kmsg) drain(b *pipeBuffer, r recordReader, buf []byte, wait bool) error {
	var zero time.Time
	for b.ctx.Err() == nil {
		n, err := r.readRecord(buf, wait)
		if zero.IsZero() {
			zero = uptimeZero(k.now) // anew each time: the clock may have been set
		}
		wait = false
		switch {
		case errors.Is(err, errWait):
			if b.n > 0 {
				b.send()
			}
			return nil
		case isOverwritten(err):
			continue // the next record's number tells how many
		case err != nil:
			b.send()
			return err
		}
		k.take(b, buf[:n], zero)
	}
	return b.ctx.Err()
}

// take puts a record in the block, once.
func (k *kmsg) take(b *pipeBuffer, record []byte, zero time.Time) {
	text, _, _ := bytes.Cut(record, []byte("\n")) // the dictionary follows
	sequence, micros, message, ok := kmsgFields(text)
	if !ok || sequence <= k.last {
		return
	}
	if lost := sequence - k.last - 1; lost > 0 && k.last >= 0 {
		b.lose(fmt.Sprintf("%d records of the kernel were overwritten before they were read", lost))
	}
	if !zero.IsZero() {
		k.line = zero.Add(time.Duration(micros)*time.Microsecond).UTC().AppendFormat(k.line[:0], "2006-01-02T15:04:05,000000-07:00 ")
		text = append(k.line, message...)
		k.line = text
	}
	b.add(text)
	k.last = sequence // after add: what add hands over ends before
}

// kmsgFields reads "6,1234,56789012,-;text".
func kmsgFields(record []byte) (sequence, micros int64, text []byte, ok bool) {
	head, text, ok := bytes.Cut(record, []byte(";"))
	f := bytes.SplitN(head, []byte(","), 4)
	if !ok || len(f) < 4 {
		return 0, 0, nil, false
	}
	sequence, err1 := strconv.ParseInt(string(f[1]), 10, 64)
	micros, err2 := strconv.ParseInt(string(f[2]), 10, 64)
	return sequence, micros, text, err1 == nil && err2 == nil
}
