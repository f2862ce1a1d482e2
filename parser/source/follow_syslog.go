package source

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"strings"
)

// becauseFlooded is a Gap's reason.
const becauseFlooded = "%d messages came faster than they were read"

// syslogAddress reads what follows "syslog:": HOST:PORT, udp://HOST:PORT or unix:PATH, with
// nginx's server= before it or not. Without a host it is the loopback's: who wants to hear
// others must name an address.
func syslogAddress(name string) (network, address string, err error) {
	name = strings.TrimPrefix(name, "server=")
	if path, ok := strings.CutPrefix(name, "unix:"); ok {
		if path = strings.TrimPrefix(path, "//"); path == "" {
			return "", "", errors.New("syslog:unix: needs the path of a socket")
		}
		return "unixgram", path, nil
	}
	name = strings.TrimPrefix(name, "udp://")
	host, port, err := net.SplitHostPort(name)
	if err != nil || port == "" {
		return "", "", fmt.Errorf("syslog:%s is no address; use syslog:127.0.0.1:1514 or syslog:unix:/run/culprit.sock", name)
	}
	if host == "" || host == "localhost" {
		host = "127.0.0.1"
	}
	return "udp", net.JoinHostPort(host, port), nil
}

// message makes one line of a datagram: who sends must not be able to make up lines.
func message(line, datagram []byte) []byte {
	line = line[:0]
	for _, c := range bytes.TrimRight(datagram, "\n\r\x00") {
		if c == '\n' {
			line = append(line, "#012"...) // as rsyslog writes it
		} else {
			line = append(line, c)
		}
	}
	return line
}
