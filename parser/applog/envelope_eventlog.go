package applog

import (
	"bytes"

	"culprit/parser"
	"culprit/parser/timestamp"
)

// eventLevels are the levels of Windows' event log as its viewer shows them.
var eventLevels = map[string]parser.Level{
	"Critical": parser.LevelCrit, "Error": parser.LevelError, "Warning": parser.LevelWarn, "Information": parser.LevelInfo, "Verbose": parser.LevelDebug,
}

// eventRow peels what Windows' Event Viewer saves as CSV; the description, which the table's head does
// not name, goes on over lines:
//
//	Error,11/23/2026 8:16:15 AM,.NET Runtime,1026,None,"Application: Orders.Api.exe
func (p *peeler) eventRow() bool {
	comma := bytes.IndexByte(p.rest[:min(len(p.rest), len("Information,"))], ',')
	if comma < 0 {
		return false
	}
	level, ok := eventLevels[string(p.rest[:comma])]
	if !ok {
		return false
	}
	var columns [16][]byte
	if n, _ := splitRow(p.rest, &columns); n != 6 || !isStamp(columns[1]) {
		return false
	}
	if _, digits := leadingNumber(columns[3]); digits == 0 || digits != len(columns[3]) {
		return false
	}
	s, _, _ := timestamp.Read(columns[1])
	p.take(Export, 0)
	p.stamp(s)
	p.keepLevel(level)
	p.rest, p.copied = p.undoubled(columns[5]), true
	p.plain()
	return true
}
