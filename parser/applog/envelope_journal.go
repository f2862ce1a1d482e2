package applog

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// A JournalEntry gathers the fields of one journald record (systemd.journal-fields(7))
// that a Record has room for. Values are slices of what Set was given.
type JournalEntry [journalFieldCount][]byte

// Indexes into a JournalEntry.
const (
	fieldRealtime = iota
	fieldMessage
	fieldMessageID
	fieldPriority
	fieldIdentifier
	fieldComm
	fieldPID
	fieldSyslogPID
	fieldUnit
	fieldUserUnit
	fieldSystemdUnit
	fieldContainerName
	fieldContainerID
	fieldPartial
	fieldHostname
	journalFieldCount
)

// journalField returns the index of a field's name, -1 for the many others.
func journalField(key []byte) int {
	switch string(key) {
	case "__REALTIME_TIMESTAMP":
		return fieldRealtime
	case "MESSAGE":
		return fieldMessage
	case "MESSAGE_ID":
		return fieldMessageID
	case "PRIORITY":
		return fieldPriority
	case "SYSLOG_IDENTIFIER":
		return fieldIdentifier
	case "_COMM":
		return fieldComm
	case "_PID":
		return fieldPID
	case "SYSLOG_PID":
		return fieldSyslogPID
	case "UNIT":
		return fieldUnit
	case "USER_UNIT":
		return fieldUserUnit
	case "_SYSTEMD_UNIT":
		return fieldSystemdUnit
	case "CONTAINER_NAME":
		return fieldContainerName
	case "CONTAINER_ID":
		return fieldContainerID
	case "CONTAINER_PARTIAL_MESSAGE":
		return fieldPartial
	case "_HOSTNAME":
		return fieldHostname
	}
	return -1
}

// Set keeps a field's first value.
func (e *JournalEntry) Set(key, value []byte) {
	if slot := journalField(key); slot >= 0 && e[slot] == nil {
		e[slot] = value
	}
}

// first returns the first of the fields that is there.
func (e *JournalEntry) first(fields ...int) []byte {
	for _, f := range fields {
		if len(e[f]) > 0 {
			return e[f]
		}
	}
	return nil
}

// PeelJournal is Peel for an entry of the journal whose fields were read from several lines.
// If the entry has no time of its own, r's Stamp stays.
func PeelJournal(e *JournalEntry, env *parser.Env, r *parser.Record, layers *Layers) []byte {
	p := peeler{env: env, r: r, was: layers}
	p.entry(e)
	return p.peel(layers)
}

// entry peels an entry: it fills the record with what the fields tell, where no outer envelope has, and
// goes on with the message. The unit is the one that systemd talks about (UNIT), else the one that logged.
// What a container prints comes to the journal from its runtime: pid and unit are dockerd's or conmon's.
func (p *peeler) entry(e *JournalEntry) {
	p.take(JournalJSON, 0)
	if s, _, ok := timestamp.Epoch(e[fieldRealtime]); ok {
		p.stamp(s)
	}
	keep(&p.r.Host, e[fieldHostname])
	keep(&p.r.Program, e.first(fieldIdentifier, fieldComm))
	keep(&p.r.Container, e.first(fieldContainerName, fieldContainerID))
	keep(&p.r.Unit, e.first(fieldUnit, fieldUserUnit))
	if len(e.first(fieldContainerName, fieldContainerID)) == 0 {
		keep(&p.r.Unit, e[fieldSystemdUnit])
		pid, _ := leadingNumber(e.first(fieldPID, fieldSyslogPID))
		tellPID(p.r, pid)
	}
	keep(&p.r.MessageID, e[fieldMessageID])
	if severity, digits := leadingNumber(e[fieldPriority]); digits == 1 {
		p.keepLevel(SyslogLevel(severity))
	}
	p.now.Partial = string(e[fieldPartial]) == "true"
	p.rest, p.copied = e[fieldMessage], true
	p.plain()
}

// journalFull peels "Sun 2026-11-22 14:16:27 UTC host tag[pid]: text": -o short-full, with-unit.
func (p *peeler) journalFull() bool {
	b := p.rest
	if len(b) < 24 || b[4] < '0' || b[4] > '9' {
		return false
	}
	s, n, ok := timestamp.WeekdayISO(b)
	if !ok || n+1 >= len(b) || b[n] != ' ' {
		return false
	}
	host, t, ok := readHostAndTag(b[n+1:])
	if !ok {
		return false
	}
	p.header(JournalShort, n+1, s, host, t)
	if unitName(t.name) { // with-unit
		keep(&p.r.Unit, t.name)
	}
	return true
}

// journalUnix peels "1795356987.219650 host tag[pid]: text": -o short-unix.
func (p *peeler) journalUnix() bool {
	b := p.rest
	if len(b) < 20 || b[10] != '.' || b[17] != ' ' {
		return false
	}
	s, n, ok := timestamp.Epoch(b)
	if !ok || n != 17 {
		return false
	}
	host, t, ok := readHostAndTag(b[n+1:])
	if ok {
		p.header(JournalShort, n+1, s, host, t)
	}
	return ok
}

// eventStream peels the "data: " of -o json-sse.
func (p *peeler) eventStream() bool {
	if !bytes.HasPrefix(p.rest, []byte("data: {")) || !bytes.Contains(p.rest, []byte(`"__REALTIME_TIMESTAMP"`)) {
		return false
	}
	p.take(JournalSSE, len("data: "))
	return true
}
