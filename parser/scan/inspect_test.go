package scan

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// As docker inspect prints two containers (moby/moby, Docker 27), shortened.
const inspectedContainers = `[
    {
        "Id": "5d0c41aa5d0c41aa5d0c41aa5d0c41aa5d0c41aa5d0c41aa5d0c41aa5d0c41aa",
        "Created": "2026-11-25T23:06:56.202512118Z",
        "Path": "node",
        "State": {
            "Status": "exited",
            "OOMKilled": true,
            "Pid": 0,
            "ExitCode": 137,
            "StartedAt": "2026-11-25T23:06:56.202512118Z",
            "FinishedAt": "2026-11-25T23:07:03.675909118Z"
        },
        "Name": "/atlas",
        "HostConfig": {
            "RestartPolicy": {
                "Name": "always"
            }
        }
    },
    {
        "Id": "6d0c41aa5d0c41aa5d0c41aa5d0c41aa5d0c41aa5d0c41aa5d0c41aa5d0c41aa",
        "State": {
            "StartedAt": "2026-11-25T23:06:57.5Z",
            "FinishedAt": "0001-01-01T00:00:00Z"
        },
        "Name": "/shop-web-1"
    }
]
`

// Each inspected container is one record, at the time when it ended last.
func TestReaderReadsInspectedContainers(t *testing.T) {
	r := NewReader(strings.NewReader(inspectedContainers+"2026-11-25 23:08:00 INFO on\n"), Options{Year: 2026})
	var got []string
	for r.Scan(context.Background()) {
		rec := r.Record()
		if len(rec.Container) > 0 {
			got = append(got, fmt.Sprintf("%.4s %s %s %d+%d", rec.Container, rec.Program, rec.Stamp.Time().UTC().Format("15:04:05.000"), rec.Line, rec.Lines))
		}
	}
	want := []string{"5d0c atlas 23:07:03.675 3+17", "6d0c shop-web-1 23:06:57.500 22+6"}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("%q, want %q", got, want)
	}
	for _, line := range []string{
		`        "Id": "sha256:5d0c41aa5d0c41aa5d0c41aa5d0c41aa5d0c41aa5d0c41aa5d0c41aa5d0c41aa",`,
		`"Id": "5d0c41aa5d0c41aa5d0c41aa5d0c41aa5d0c41aa5d0c41aa5d0c41aa5d0c41aa",`,
		`        "Id": "5d0c41aa",`,
		`        "id": "5d0c41aa5d0c41aa5d0c41aa5d0c41aa5d0c41aa5d0c41aa5d0c41aa5d0c41aa",`,
	} {
		if opensBlock([]byte(line)) != none {
			t.Errorf("opens a container: %s", line)
		}
	}
}
