package live

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// shellWords mean something to a shell and nothing here: whoever writes one wants a
// shell, and would otherwise find out during the outage.
var shellWords = []string{"|", "||", "&", "&&", ";", ">", ">>", "<", "<<", "2>", "2>&1", "&>"}

// split cuts a command into words. There is no shell: no variables, patterns, pipes
// or redirections. Whoever wants them says so: sh -c '…'. The rules are all of these:
//
//   - spaces, tabs and newlines part words;
//   - between '…' everything stands for itself;
//   - between "…" a backslash before " or \ stands for the second character, all else
//     for itself;
//   - elsewhere a backslash stands for the character after it;
//   - quoted and unquoted parts that touch are one word; ” and "" are an empty word.
func split(command string) ([]string, error) {
	var words []string
	var word strings.Builder
	open, quoted := false, false // a word has begun; a part of it was quoted
	end := func() error {
		if !open {
			return nil
		}
		w := word.String()
		if !quoted && slices.Contains(shellWords, w) {
			return fmt.Errorf("%s needs a shell: write sh -c '…'", w)
		}
		words = append(words, w)
		word.Reset()
		open, quoted = false, false
		return nil
	}
	for i := 0; i < len(command); i++ {
		switch c := command[i]; c {
		case ' ', '\t', '\n', '\r':
			if err := end(); err != nil {
				return nil, err
			}
		case '\'', '"':
			length, ok := quotedPart(&word, command[i+1:], c)
			if !ok {
				return nil, fmt.Errorf("the quote %c is not closed", c)
			}
			i += length
			open, quoted = true, true
		case '\\':
			if i++; i == len(command) {
				return nil, errors.New("nothing stands after the last backslash")
			}
			word.WriteByte(command[i])
			open, quoted = true, true
		default:
			word.WriteByte(c)
			open = true
		}
	}
	if err := end(); err != nil {
		return nil, err
	}
	if len(words) == 0 || words[0] == "" {
		return nil, errors.New("the command is empty")
	}
	return words, nil
}

// quotedPart appends what stands before the closing quote, and returns how many bytes
// that took with the quote.
func quotedPart(word *strings.Builder, rest string, quote byte) (length int, ok bool) {
	for i := 0; i < len(rest); i++ {
		c := rest[i]
		if c == quote {
			return i + 1, true
		}
		if quote == '"' && c == '\\' && i+1 < len(rest) && (rest[i+1] == '"' || rest[i+1] == '\\') {
			i++
			c = rest[i]
		}
		word.WriteByte(c)
	}
	return 0, false
}
