// Command culprit says who really caused a gateway's 502s, with the lines that
// prove it.
package main

import "os"

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
