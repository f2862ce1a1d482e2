package main

import (
	"culprit/cmd/internal/pipeline"
	"culprit/report/redact"
	"culprit/rules"
)

// redaction are the flags that keep private things private; off unless asked for, since the
// one who looks for a cause needs the lines as they are.
type redaction struct {
	Redact      bool `help:"Replace client addresses, user names, query strings, tokens, cookies, secrets and e-mail addresses in what is printed by names that stay the same inside it, such as [client-1]."`
	RedactHosts bool `help:"Replace names and addresses of machines and virtual hosts as well; implies --redact."`
	RedactStore bool `help:"Keep them out of the store as well; implies --redact. What was not stored cannot be brought back."`
}

// redactor is for what is shown; nil if everything may be.
func (e *env) redactor() *redact.Redactor {
	if f := &e.flags.redaction; f.Redact || f.RedactHosts || f.RedactStore {
		return redact.New(redact.Options{Hosts: f.RedactHosts})
	}
	return nil
}

// storeRedactor is for what is stored; nil if everything may be. Scope tells its names from
// those of other runs.
func (e *env) storeRedactor(scope string) *redact.Redactor {
	if !e.flags.RedactStore {
		return nil
	}
	return redact.New(redact.Options{Hosts: e.flags.RedactHosts, Scope: scope})
}

// shown is a report as it may be shown.
func (e *env) shown(r *rules.Report) *rules.Report {
	if d := e.redactor(); d != nil {
		return d.Report(r)
	}
	return r
}

// kept is a report as it may be stored.
func (e *env) kept(r *rules.Report, scope string) *rules.Report {
	if d := e.storeRedactor(scope); d != nil {
		return d.Report(r)
	}
	return r
}

// redacted is an update as d lets it be told; a Redactor that is nil lets it be.
func redacted(d *redact.Redactor, u pipeline.Update) pipeline.Update {
	if d == nil {
		return u
	}
	u.Report = d.Report(u.Report)
	changes := make([]pipeline.Change, len(u.Changes))
	for i, c := range u.Changes {
		changes[i] = pipeline.Change{Event: c.Event, Incident: d.Incident(&c.Incident), Gone: c.Gone}
	}
	u.Changes = changes
	return u
}
