//go:build !unix

package live

import "os"

// suspensions: there is no ^Z here.
func suspensions() (stops <-chan os.Signal, done func()) { return nil, func() {} }

func suspend() {}
