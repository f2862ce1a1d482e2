package applog

import (
	"bytes"

	"culprit/parser"
)

const escape = 0x1b

// uncoloured removes ANSI escape sequences from the line before parse sees it.
func uncoloured(parse parseFunc) parseFunc {
	return func(line []byte, env *parser.Env, r *parser.Record) bool {
		if bytes.IndexByte(line, escape) < 0 {
			return parse(line, env, r)
		}
		mark := len(env.Buf)
		env.Buf = appendUncoloured(env.Buf, line)
		if parse(env.Buf[mark:len(env.Buf):len(env.Buf)], env, r) {
			return true
		}
		env.Buf = env.Buf[:mark]
		return false
	}
}

// Coloured reports whether there are escape sequences in a line.
func Coloured(line []byte) bool { return bytes.IndexByte(line, escape) >= 0 }

// plain replaces rest by a copy without colour codes, if it has any.
func (p *peeler) plain() {
	if bytes.IndexByte(p.rest, escape) < 0 {
		return
	}
	start := len(p.env.Buf)
	p.env.Buf = appendUncoloured(p.env.Buf, p.rest)
	p.rest, p.copied = p.env.Buf[start:], true
}

// plainInPlace removes colours that were hidden in escapes.
func plainInPlace(b []byte) []byte {
	if bytes.IndexByte(b, escape) < 0 {
		return b
	}
	return appendUncoloured(b[:0], b)
}

// appendUncoloured appends text without ECMA-48 control sequences (ESC [ … letter) and
// operating system commands (ESC ] … BEL). Other escapes lose their ESC only.
func appendUncoloured(buf, text []byte) []byte {
	for {
		i := bytes.IndexByte(text, escape)
		if i < 0 {
			return append(buf, text...)
		}
		buf = append(buf, text[:i]...)
		text = text[i+escapeLength(text[i:]):]
	}
}

// escapeLength returns the length of the escape sequence at the start of b.
func escapeLength(b []byte) int {
	if len(b) < 2 || b[1] != '[' && b[1] != ']' {
		return 1
	}
	for i := 2; i < len(b); i++ {
		switch c := b[i]; {
		case b[1] == ']' && c == 0x07:
			return i + 1
		case b[1] == '[' && c >= 0x40 && c <= 0x7e:
			return i + 1
		case c < 0x20 && c != escape:
			return i // cut off
		}
	}
	return len(b)
}

// residue removes colour codes without their ESC from a text that begins with one: browsers drop
// it ([33m), pagers spell it (^[[33m). Once there was one, all lines are searched for them.
func (p *peeler) residue() bool {
	if residueLength(p.rest) == 0 {
		return false
	}
	p.bleach()
	return true
}

// bleach replaces rest by a copy without such codes, if it has any.
func (p *peeler) bleach() {
	p.now.residue = true
	start, done := len(p.env.Buf), 0
	for i := 0; i < len(p.rest); {
		next := bytes.IndexAny(p.rest[i:], "[^")
		if next < 0 {
			break
		}
		i += next
		n := residueLength(p.rest[i:])
		if n == 0 {
			i++
			continue
		}
		p.env.Buf = append(p.env.Buf, p.rest[done:i]...)
		i += n
		done = i
	}
	if done > 0 {
		p.env.Buf = append(p.env.Buf, p.rest[done:]...)
		p.rest, p.copied = p.env.Buf[start:], true
	}
}

// residueLength returns the length of a colour code without ESC at the start of b, 0 if there is none:
// [33m, [1;31m, [m, ^[[0m. What stands in brackets, such as [5m] or [mail], is none.
func residueLength(b []byte) int {
	i := 0
	if len(b) > 1 && b[0] == '^' && b[1] == '[' {
		i = 2
	}
	if i >= len(b) || b[i] != '[' {
		return 0
	}
	bracket := i
	for i++; i < len(b) && i < 20; i++ {
		n, digits := leadingNumber(b[i:])
		if digits > 3 || n > 255 {
			return 0
		}
		i += digits
		if i < len(b) && b[i] == 'm' {
			if i+1 < len(b) && (b[i+1] == ']' || i == bracket+1 && isLetter(b[i+1])) {
				return 0
			}
			return i + 1
		}
		if i >= len(b) || b[i] != ';' {
			return 0
		}
	}
	return 0
}
