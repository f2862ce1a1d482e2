package parser

// Methods are those of HTTP that tell a request in the log of an application.
var Methods = [...]string{"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}

// MethodLength returns the length of the method word at the start of b, 0 if none.
func MethodLength(b []byte) int {
	for _, m := range Methods {
		if len(b) >= len(m) && string(b[:len(m)]) == m {
			if len(b) > len(m) && (inName(b[len(m)]) || b[len(m)] >= '0' && b[len(m)] <= '9') {
				return 0
			}
			return len(m)
		}
	}
	return 0
}

// MethodAt returns the length of the method word that stands at a place of a message, 0 if none does, or
// if these are the message's last three bytes.
func MethodAt(msg []byte, i int) int {
	if i+3 >= len(msg) {
		return 0
	}
	switch msg[i] {
	case 'G', 'P', 'D', 'H', 'O':
		if i == 0 || !inName(msg[i-1]) && msg[i-1] != '/' && msg[i-1] != '.' {
			return MethodLength(msg[i:])
		}
	}
	return 0
}

// inName reports whether a byte beside capitals makes them a part of a longer word.
func inName(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '-' }
