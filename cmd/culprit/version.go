package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"culprit/store"
)

// release is the version of the source tree; the commit comes from the build.
const release = "0.1.0"

type versionCmd struct{}

// Run prints what a bug report needs.
func (versionCmd) Run(e *env) error {
	_, err := fmt.Fprintf(e.stdout, "culprit %s\n%s\nSQLite %s\n", version(), runtime.Version(), store.SQLiteVersion())
	return err
}

// version is the release with the commit, if the build knows it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return release
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return release + " (" + s.Value[:12] + ")"
		}
	}
	return release
}
