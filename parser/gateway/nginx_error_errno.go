package gateway

import "bytes"

// cutErrno cuts " (111: Connection refused)" off the end of a message
// (ngx_log_errno). The numbers that resolver, certificate checks and scripts put into
// parentheses are none of the system's and stay. Configuration errors have their
// file and line behind it: then the number is read and the message left whole.
func cutErrno(message []byte) (bare []byte, number int32, text []byte) {
	end := len(message)
	if end == 0 {
		return message, 0, nil
	}
	if message[end-1] != ')' {
		if bytes.IndexByte(message, '(') < 0 {
			return message, 0, nil
		}
		return cutErrnoInside(message)
	}
	open := openParenthesis(message[:end-1])
	if open < 1 || message[open-1] != ' ' {
		return message, 0, nil
	}
	number, text, ok := errnoPart(message[open+1 : end-1])
	if !ok || foreignNumber(message[:open-1]) {
		return message, 0, nil
	}
	return message[:open-1], number, text
}

// openParenthesis finds the last '(' whose text holds the whole error: Windows writes
// sentences of 200 bytes.
func openParenthesis(b []byte) int {
	floor := max(0, len(b)-300)
	for i := len(b) - 1; i >= floor; i-- {
		if b[i] == '(' {
			return i
		}
	}
	return -1
}

// cutErrnoInside reads an errno before " in file:line", or one that is cut.
func cutErrnoInside(message []byte) ([]byte, int32, []byte) {
	if i := bytes.LastIndex(message, []byte(") in ")); i > 0 {
		open := openParenthesis(message[:i])
		if open >= 0 {
			if number, text, ok := errnoPart(message[open+1 : i]); ok {
				return message, number, text
			}
		}
		return message, 0, nil
	}
	open := bytes.LastIndex(message, []byte(" ("))
	if open < 0 || len(message)-open > 300 {
		return message, 0, nil
	}
	number, text, ok := errnoPart(message[open+2:])
	if !ok || foreignNumber(message[:open]) {
		return message, 0, nil
	}
	return message[:open], number, text
}

// errnoPart reads "111: Connection refused".
func errnoPart(b []byte) (number int32, text []byte, ok bool) {
	n, rest := leadingNumber(b)
	if len(rest) == len(b) || len(rest) < 2 || rest[0] != ':' || rest[1] != ' ' || n > 1<<31-1 {
		return 0, nil, false
	}
	return int32(n), rest[2:], true
}

// foreignNumber reports whether the number behind b is a DNS code, a certificate
// check's or an OCSP status.
func foreignNumber(b []byte) bool {
	for _, end := range [...]string{"could not be resolved", "verify error:", "DNS error", "not successful"} {
		if bytes.HasSuffix(b, []byte(end)) {
			return true
		}
	}
	return false
}

// Errors of the system, by their number on Linux.
const (
	errPerm        = 1
	errNoEntry     = 2
	errIO          = 5
	errAgain       = 11
	errNoMemory    = 12
	errAccess      = 13
	errNotDir      = 20
	errInvalid     = 22
	errFilesSystem = 23
	errFiles       = 24
	errNoSpace     = 28
	errReadOnly    = 30
	errPipe        = 32
	errFamily      = 97
	errInUse       = 98
	errNoAddress   = 99
	errNetUnreach  = 101
	errAborted     = 103
	errReset       = 104
	errNoBuffers   = 105
	errNotConn     = 107
	errTimedOut    = 110
	errRefused     = 111
	errHostDown    = 112
	errHostUnreach = 113
	errQuota       = 122
)

// canonicalErrno turns a platform's number into Linux's. The numbers that BSD, macOS
// and Windows use for sockets mean nothing to a socket on Linux, so the number decides;
// where two platforms really collide, and for numbers unknown here, the text does.
func canonicalErrno(number int32, text []byte) int32 {
	switch number {
	case 0:
		return 0
	case 61, 10061:
		return errRefused
	case 60, 10060, 121: // 121: Windows, the semaphore timeout period has expired
		return errTimedOut
	case 54, 10054:
		return errReset
	case 65, 10065:
		return errHostUnreach
	case 51, 10051:
		return errNetUnreach
	case 64, 10064:
		return errHostDown
	case 49, 10049:
		return errNoAddress
	case 48, 10048:
		return errInUse
	case 53, 10053:
		return errAborted
	case 57, 10057:
		return errNotConn
	case 47, 10047:
		return errFamily
	case 10013:
		return errAccess
	case 10024:
		return errFiles
	case 10055, 55:
		return errNoBuffers
	case 69:
		return errQuota
	case 3, 5, 35, 112:
		return errnoOfText(number, text)
	}
	if number > 133 {
		return errnoOfText(number, text)
	}
	return number
}

// errnoOfText decides by the text of glibc, musl, BSD or Windows.
func errnoOfText(number int32, text []byte) int32 {
	for _, t := range [...]struct {
		text   string
		number int32
	}{
		{"Connection refused", errRefused}, {"No connection could be made", errRefused},
		{"timed out", errTimedOut}, {"did not properly respond", errTimedOut},
		{"reset by peer", errReset}, {"forcibly closed", errReset},
		{"No route to host", errHostUnreach}, {"Host is unreachable", errHostUnreach}, {"unreachable host", errHostUnreach},
		{"etwork unreachable", errNetUnreach}, {"etwork is unreachable", errNetUnreach}, {"unreachable network", errNetUnreach},
		{"Host is down", errHostDown}, {"ccess is denied", errAccess}, {"ermission denied", errAccess},
		{"temporarily unavailable", errAgain}, {"cannot find the path", errNoEntry}, {"No such file", errNoEntry},
		{"not enough space", errNoSpace}, {"No space left", errNoSpace}, {"Too many open files", errFiles},
	} {
		if bytes.Contains(text, []byte(t.text)) {
			return t.number
		}
	}
	return number
}
