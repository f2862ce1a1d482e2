package store

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"culprit/parser"
	"culprit/rules"
)

// How values become columns. On the way in, a function returns what is bound; on the way
// out, a type with Scan fills the field it points to. Absent knowledge is NULL.
//
// Text is kept byte for byte, also with NUL bytes and invalid UTF-8, because it is checked
// against the source later. Only JSON lists replace invalid UTF-8 by U+FFFD.

// insertInto writes the statement for all of a table's columns, which are named once and
// serve INSERT and SELECT alike.
func insertInto(table, columns string) string {
	marks := strings.Repeat("?, ", strings.Count(columns, ","))
	return "INSERT INTO " + table + " (" + columns + ") VALUES (" + marks + "?)"
}

// text binds a string, "" as NULL.
func text[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return string(s)
}

// number binds an integer, 0 as NULL.
func number(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

// count binds a count, a negative one (no source could tell) as NULL.
func count(n int64) any {
	if n < 0 {
		return nil
	}
	return n
}

// moment binds a time and its precision.
func moment(m rules.Moment) []any {
	if m.IsZero() {
		return []any{nil, nil}
	}
	return []any{m.Micros, m.Precision}
}

// stamp binds a time as a source's own clock has it.
func stamp(s parser.Stamp) []any {
	if !s.Known() {
		return []any{nil, nil, nil, nil}
	}
	return []any{s.Micros, s.Precision, s.Offset, int64(s.Clock)}
}

// hash binds a hash as 16 hexadecimal digits, 0 as NULL.
func hash(h uint64) any {
	if h == 0 {
		return nil
	}
	return fmt.Sprintf("%016x", h)
}

// finite binds a probability; what is no number is 0, which no verdict claims.
func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

// list binds a slice as JSON, nil as [].
func list[T any](values []T) any {
	if len(values) == 0 {
		return "[]"
	}
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false) // people read these columns
	if err := e.Encode(values); err != nil {
		panic("BUG: encode list: " + err.Error()) // lists hold strings and numbers only
	}
	return strings.TrimSuffix(buf.String(), "\n")
}

// quote binds where a line stands and what it says; head is the source's identity.
func quote(q rules.Quote, head uint64) []any {
	return append([]any{text(q.Source), hash(head)}, placed(q)...)
}

func placed(q rules.Quote) []any {
	line, p := q.Line, q.Place
	if line == 0 {
		line = p.Line
	}
	return []any{number(line), number(p.FirstLine), number(p.LastLine), p.Offset, p.Length, hash(p.Hash), text(q.Text), text(q.Message)}
}

// quoteColumns are the columns that quote binds.
const quoteColumns = "source, head_hash, " + placeColumns

// placeColumns are the columns that placed binds.
const placeColumns = "line, first_line, last_line, offset, length, hash, text, message"

// blank reads a column, NULL as the zero value.
type blank[T any] struct{ to *T }

func (b blank[T]) Scan(v any) error {
	var n sql.Null[T]
	err := n.Scan(v)
	*b.to = n.V
	return err
}

func orZero[T any](to *T) blank[T] { return blank[T]{to} }

// known reads a count, NULL as -1.
type known struct{ to *int64 }

func (k known) Scan(v any) error {
	var n sql.NullInt64
	err := n.Scan(v)
	if *k.to = n.Int64; !n.Valid {
		*k.to = -1
	}
	return err
}

// both reads one column into two fields, NULL as 0.
type both [2]*int64

func (b both) Scan(v any) error {
	err := orZero(b[0]).Scan(v)
	*b[1] = *b[0]
	return err
}

// fromJSON reads a JSON list, [] as nil.
type fromJSON[T any] struct{ to *[]T }

func (j fromJSON[T]) Scan(v any) error {
	var s sql.NullString
	if err := s.Scan(v); err != nil {
		return err
	}
	*j.to = nil
	if s.String == "" || s.String == "[]" {
		return nil
	}
	return json.Unmarshal([]byte(s.String), j.to)
}

func orNil[T any](to *[]T) fromJSON[T] { return fromJSON[T]{to} }

// fromHex reads a hash.
type fromHex struct{ to *uint64 }

func (h fromHex) Scan(v any) error {
	var s sql.NullString
	if err := s.Scan(v); err != nil || !s.Valid {
		return err
	}
	var err error
	*h.to, err = strconv.ParseUint(s.String, 16, 64)
	return err
}

// named reads the text form of an enumeration; a name that this program does not know
// becomes the fallback, since a list may grow without a new schema.
type named[T fmt.Stringer] struct {
	to       *T
	all      []T
	fallback T
}

func (n named[T]) Scan(v any) error {
	var s sql.NullString
	err := s.Scan(v)
	*n.to = n.fallback
	for _, value := range n.all {
		if value.String() == s.String {
			*n.to = value
		}
	}
	return err
}

func symptomColumn(to *parser.Symptom) any {
	return named[parser.Symptom]{to, parser.Symptoms(), parser.SymptomOther}
}

func phaseColumn(to *parser.Phase) any {
	var all []parser.Phase
	for p := parser.PhaseNone; p <= parser.PhaseOther; p++ {
		all = append(all, p)
	}
	return named[parser.Phase]{to, all, parser.PhaseOther}
}

func rankColumn(to *parser.Rank) any {
	all := []parser.Rank{parser.RankNoise, parser.RankSecondary, parser.RankPrimary}
	return named[parser.Rank]{to, all, parser.RankNone}
}

func roleColumn(to *parser.Role) any {
	all := []parser.Role{parser.RoleGateway, parser.RoleApp, parser.RoleSystem}
	return named[parser.Role]{to, all, parser.RoleUnknown}
}

func momentColumns(to *rules.Moment) []any {
	return []any{orZero(&to.Micros), orZero(&to.Precision)}
}

func stampColumns(to *parser.Stamp) []any {
	return []any{orZero(&to.Micros), orZero(&to.Precision), orZero(&to.Offset), orZero(&to.Clock)}
}

// quoteDest receives quoteColumns; the identity of the file is for SQL and re-checking
// and not part of a Quote.
func quoteDest(to *rules.Quote) []any {
	return append([]any{orZero(&to.Source), new(any)}, placeDest(to)...)
}

func placeDest(to *rules.Quote) []any {
	p := &to.Place
	return []any{
		both{&to.Line, &p.Line}, orZero(&p.FirstLine), orZero(&p.LastLine), orZero(&p.Offset), orZero(&p.Length), fromHex{&p.Hash},
		orZero(&to.Text), orZero(&to.Message),
	}
}

// row joins single columns and groups of columns ([]any) into one argument list.
func row(columns ...any) []any {
	all := make([]any, 0, len(columns)+8)
	for _, c := range columns {
		if group, ok := c.([]any); ok {
			all = append(all, group...)
		} else {
			all = append(all, c)
		}
	}
	return all
}
