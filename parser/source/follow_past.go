package source

import "bytes"

const (
	// pastBytes is how much of a file is read back before the place where it is joined, for
	// the sake of lines such as "Listening at: http://127.0.0.1:9001 (9192)".
	pastBytes = 16 << 20
	// pastTotal bounds it for all files together.
	pastTotal = 512 << 20
)

// A past is what is read back of a file.
type past struct {
	end    int64  // where it ends and news begin; 0 if nothing is read back
	before marker // what stands before end
}

func (f *followed) isPast() bool { return f.offset < f.past.end }

// reached is where news begin or go on.
func (f *followed) reached() int64 { return max(f.offset, f.past.end) }

// readBack goes back from where the file is to be read on. It returns how many bytes will be
// read back.
func (f *followed) readBack(most int64, buf []byte) int64 {
	end, before := f.offset, f.before
	from := max(end-min(pastBytes, most), 0)
	if f.packed != nil || f.wide || f.inside || from == end {
		return 0
	}
	if from > 0 { // in the middle of a line
		n, _ := f.bytes.ReadAt(buf[:min(blockBytes, end-from)], from)
		from += int64(bytes.IndexByte(buf[:n], '\n') + 1)
		if bytes.IndexByte(buf[:n], '\n') < 0 || from >= end {
			return 0
		}
	}
	f.seek(from)
	f.past = past{end, before}
	return end - from
}

// limitPast keeps news out of what is read back.
func (f *followed) limitPast(data []byte) []byte {
	if f.isPast() && int64(len(data)) > f.past.end-f.offset {
		f.ended = false
		return data[:f.past.end-f.offset]
	}
	return data
}
