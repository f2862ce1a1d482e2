// Command culprit says who really caused a gateway's 502s, with the lines that
// prove it.
//
// The way of a log through the program, which is the order to read it in:
//
//	parser/source    finds logs and opens them, or follows them as they grow
//	parser/scan      cuts them into lines and yields parser.Records; how lines are laid
//	                 out is in parser/gateway, parser/applog and parser/timestamp
//	rules/signature  says what an application's line means
//	rules/digest     folds the records of one source into a rules.Digest
//	rules/correlate  puts all digests on one clock, joins failures into cases and finds what
//	                 may explain them; rules/cause judges each case
//	store, report    keep and print the rules.Report that comes out
//
// cmd/internal/pipeline does this for many sources at once, for analyze and for tail;
// beside this file stands one for each command.
package main

import "os"

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
