package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"culprit/report"

	"github.com/alecthomas/kong"
)

// Exit statuses; scripts rely on them.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitIncidents   = 3
	exitInterrupted = 130
)

// CLI is the command line. Each command lives in the file of its name.
type CLI struct {
	Analyze   analyzeCmd   `cmd:"" help:"Read logs, say what failed, when and why, and store it."`
	Tail      tailCmd      `cmd:"" help:"Follow logs as they are written; store and tell incidents as they open, change and resolve."`
	Report    reportCmd    `cmd:"" help:"Print a report from the store: the newest incident, or those that are named or match."`
	Incidents incidentsCmd `cmd:"" help:"List the stored incidents, one a line."`
	Explain   explainCmd   `cmd:"" help:"Say what one log line is and what it means."`
	Rules     rulesCmd     `cmd:"" help:"List the signatures, or check rule files against their own samples."`
	Version   versionCmd   `cmd:"" help:"Print version, commit, Go version and SQLite version."`

	common `group:"Flags of all commands:"`
}

// common holds the flags that all commands share.
type common struct {
	DB        string `name:"db" default:"culprit.db" placeholder:"FILE" help:"SQLite file of the store; :memory: keeps nothing."`
	Format    string `default:"text" enum:"text,json,markdown,html" help:"Output format: text, json, markdown or html."`
	Output    string `short:"o" placeholder:"FILE" help:"Write the output to FILE instead of standard output."`
	Config    string `type:"existingfile" placeholder:"FILE" help:"YAML file whose keys are the flags' names."`
	TZ        string `name:"tz" placeholder:"ZONE" help:"Zone of stamps without one, where the logs do not tell (Europe/Berlin, UTC, +02:00)."`
	Year      int    `placeholder:"YEAR" help:"Year of stamps without one, where the logs do not tell."`
	Since     string `placeholder:"TIME" help:"Only incidents that end after TIME (2026-11-22, 2026-11-22T14:00:00Z, or 2h for two hours ago)."`
	Until     string `placeholder:"TIME" help:"Only incidents that begin before TIME."`
	NoColor   bool   `help:"No colour (also the NO_COLOR variable, and when the output is no terminal)."`
	Quiet     bool   `short:"q" help:"No progress and no warnings on standard error."`
	ExitCode  bool   `help:"Exit with 3 if incidents were found."`
	Verbose   bool   `short:"v" help:"Say more on standard error about what is done."`
	redaction `group:"Flags of all commands:"`
	RulesDir  string `name:"rules" placeholder:"DIR" help:"Folder with further signatures."`
}

// env is what a command works with.
type env struct {
	ctx    context.Context
	flags  *common
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	now    time.Time // read once; nothing below cmd looks at the clock
}

// usageError is a wrong command line; it ends with exitUsage.
type usageError struct{ error }

// errIncidents ends a run with exitIncidents.
var errIncidents = errors.New("incidents were found")

// run is the whole program: no global state, and the exit status as its result.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var cli CLI
	exited := -1
	parser, err := kong.New(&cli,
		kong.Name("culprit"),
		kong.Description("Says who really caused the 502s, with the lines that prove it."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code }),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	args, err = withConfig(parser, args)
	if err != nil {
		fmt.Fprintln(stderr, "culprit:", err)
		return exitUsage
	}
	cmd, err := parser.Parse(args)
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		fmt.Fprintf(stderr, "culprit: %v\ntry: culprit --help\n", err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends at once
	e := &env{ctx: ctx, flags: &cli.common, stdin: stdin, stdout: stdout, stderr: stderr, now: time.Now()}
	return e.status(cmd.Run(e))
}

// status turns a command's error into an exit status, with one line for people.
func (e *env) status(err error) int {
	var usage usageError
	var unstored unstoredError
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE):
		return exitDone
	case errors.Is(err, errIncidents):
		return exitIncidents
	case e.ctx.Err() != nil && !errors.As(err, &unstored):
		fmt.Fprintln(e.stderr, "culprit: interrupted")
		return exitInterrupted
	case errors.As(err, &usage):
		fmt.Fprintf(e.stderr, "culprit: %v\n", err)
		return exitUsage
	}
	fmt.Fprintf(e.stderr, "culprit: %s\n", report.Clean(err.Error()))
	return exitFailed
}

// output opens what -o names, or standard output.
func (e *env) output() (io.Writer, func() error, error) {
	if e.flags.Output == "" || e.flags.Output == "-" {
		return e.stdout, func() error { return nil }, nil
	}
	f, err := os.Create(e.flags.Output)
	if err != nil {
		return nil, nil, fmt.Errorf("write output: %w", err)
	}
	return f, f.Close, nil
}

func (e *env) warn(format string, args ...any) {
	if !e.flags.Quiet {
		fmt.Fprintf(e.stderr, "culprit: warning: %s\n", report.Clean(fmt.Sprintf(format, args...)))
	}
}
