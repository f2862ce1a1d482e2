package gateway

// goSeconds reads a duration as microseconds, -1 if it is none: seconds with any
// fraction, or Go's words (1m2.5s, 9.9ms, 449µs).
func goSeconds(b []byte) int64 {
	total := int64(0)
	for {
		n, scale, rest, ok := decimalNumber(b)
		if !ok {
			return -1
		}
		end := 0
		for end < len(rest) && !decimal(rest[end]) {
			end++
		}
		unit := goUnit(rest[:end])
		if unit == 0 || n > 1<<60/unit {
			return -1
		}
		total += n * unit / (scale * 1000)
		if b = rest[end:]; len(b) == 0 {
			return total
		}
	}
}

// goUnit is the length of a unit in nanoseconds, 0 if it is none.
func goUnit(b []byte) int64 {
	switch string(b) {
	case "", "s":
		return 1e9
	case "ms":
		return 1e6
	case "µs", "μs", "us":
		return 1e3
	case "ns":
		return 1
	case "m":
		return 60e9
	case "h":
		return 3600e9
	}
	return 0
}

// decimalNumber reads up to nine digits and a fraction as n/scale. The fraction is cut
// at six digits, or earlier where n would exceed nine: that is microseconds up to a
// quarter of an hour, and bounds the arithmetic of the caller.
func decimalNumber(b []byte) (n, scale int64, rest []byte, ok bool) {
	i := 0
	for i < len(b) && decimal(b[i]) {
		if i == 9 {
			return 0, 1, b, false
		}
		n = n*10 + int64(b[i]-'0')
		i++
	}
	if i == 0 {
		return 0, 1, b, false
	}
	scale = 1
	if i+1 < len(b) && b[i] == '.' && decimal(b[i+1]) {
		for i++; i < len(b) && decimal(b[i]); i++ {
			if scale < 1e6 && n < 1e8 {
				n, scale = n*10+int64(b[i]-'0'), scale*10
			}
		}
	}
	return n, scale, b[i:], true
}
