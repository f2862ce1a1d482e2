package parser

import (
	"path"
	"strings"
)

// nameless are names that say what is in a file, or where it lies, and not whose it is: the two
// streams of a process, runit's and s6's current, folders of logs.
var nameless = map[string]bool{
	"stdout": true, "stderr": true, "out": true, "err": true, "output": true, "console": true, "current": true, "error": true, "errors": true,
	"access": true, "log": true, "logs": true, "info": true, "debug": true, "var": true, "": true, ".": true, "/": true,
}

// NameOf returns the name that the path of a log file gives to its writer: the file's without
// extensions and rotation, or its folder's if that is too general a name
// (web/stdout.log and web/log/current are web's), and the file's if they all are.
func NameOf(file string) string {
	file = strings.ReplaceAll(file, "\\", "/")
	first := stemOf(path.Base(file))
	for name := first; ; name = path.Base(file) {
		if program, ok := CutSupervisor(name); ok {
			return program
		}
		if !nameless[strings.ToLower(name)] && strings.Trim(name, "0123456789") != "" {
			return name
		}
		up := path.Dir(file)
		if up == file || up == "." {
			return first
		}
		file = up
	}
}

// CutSupervisor returns the program's name in a log's that supervisord chose itself (its AUTO, the
// default): shop of shop-stdout---supervisor-k2j4x_9q.
func CutSupervisor(name string) (string, bool) {
	for _, channel := range []string{"-stdout---", "-stderr---"} {
		if program, _, ok := strings.Cut(name, channel); ok && program != "" {
			return program, true
		}
	}
	return name, false
}

// stemOf cuts extensions: shop.log.1.gz is shop. What follows the point of a version is none:
// php8.2-fpm.log is php8.2-fpm's.
func stemOf(base string) string {
	for {
		ext := path.Ext(base)
		if ext == "" || ext == base || versioned(ext) {
			return base
		}
		base = strings.TrimSuffix(base, ext)
	}
}

// versioned reports whether an extension is the rest of a version and of a name: ".2-fpm".
func versioned(ext string) bool {
	rest := strings.TrimLeft(ext[1:], "0123456789")
	return len(rest) < len(ext)-1 && len(rest) > 1 && rest[0] == '-' && (rest[1] >= 'a' && rest[1] <= 'z' || rest[1] >= 'A' && rest[1] <= 'Z')
}
