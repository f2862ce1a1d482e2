# culprit: what a contributor runs. "make check" is what CI runs.

GO          ?= go
STATICCHECK  = honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME    ?= 3s
BENCHMIB    ?= 512
BENCHRUNS   ?= 5
SOAKMINUTES ?= 12
DEMO         = fixtures/cases/oom-node-docker/logs fixtures/cases/two-upstreams-two-causes/logs

# Packages whose tests know -update.
GOLDENS = $(sort $(dir $(shell grep -rl --include=*_test.go 'flag.Bool."update"' cmd fixtures parser report rules store)))

.PHONY: build test race fuzz bench soak golden eval lint check loc demo

build: ## the program, as bin/culprit
	$(GO) build -o bin/culprit ./cmd/culprit

test: ## all tests
	$(GO) test ./...

race: ## all tests under the race detector; -short leaves the derived cases to "make eval"
	$(GO) test -race -short -cpu=1,4 ./...

# At the end of its time the fuzzer sometimes calls a worker that was still busy a
# failure ("context deadline exceeded"); a real one writes its failing input.
fuzz: ## each fuzz target for FUZZTIME
	@for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "$$pkg $$target"; \
			out=$$($(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$pkg 2>&1) && continue; \
			case $$out in *"Failing input"*) ;; *"context deadline exceeded"*) continue ;; esac; \
			echo "$$out"; exit 1; \
		done; \
	done

bench: ## all benchmarks, bytes per second and allocations; then the whole analysis beside rg and others
	$(GO) test -run '^$$' -bench . -benchmem ./...
	fixtures/synth/compare.sh $(BENCHMIB) $(BENCHRUNS)

soak: ## what takes minutes: tail is killed 200 times, and follows 1,000 rotated logs for SOAKMINUTES
	CULPRIT_SOAK=$(SOAKMINUTES) $(GO) test -count=1 -timeout 60m -v -run 'TestTailKilled|TestTailSoak' ./cmd/culprit

golden: ## rewrite all goldens and show what changed
	$(GO) test $(addprefix ./,$(GOLDENS)) -update; status=$$?; git --no-pager diff --stat; exit $$status

eval: ## verdicts and confidence over real and derived cases
	$(GO) test ./cmd/internal/pipeline -run 'TestAccuracy|TestCalibration' -v
	@cat fixtures/accuracy.golden

lint: ## gofmt, vet, staticcheck, who may import whom
	@test -z "$$(gofmt -l cmd fixtures parser report rules store)" || { gofmt -l cmd fixtures parser report rules store; echo "run gofmt -w on these"; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	$(GO) test ./cmd/culprit -run 'TestLayers|TestNoClocks'

check: lint test race fuzz eval ## everything; well under half an hour on two cores
	$(GO) run ./cmd/culprit rules test

demo: build ## analyse two recorded outages
	@for logs in $(DEMO); do bin/culprit analyze --db :memory: $$logs || exit 1; done

# Non-test lines a package may have before it is discussed.
BUDGET = parser:300 parser/source:900 parser/timestamp:350 parser/gateway:1600 parser/applog:1000 parser/scan:450 \
	rules:300 rules/signature:600 rules/cause:700 rules/correlate:1200 store:700 report:1400 fixtures:300 \
	cmd/internal/pipeline:600 cmd/culprit:900

loc: ## non-test lines of each package beside its budget
	@for pkg in $$($(GO) list ./... | sed 's,^culprit/,,'); do \
		lines=$$(find $$pkg -maxdepth 1 -name '*.go' ! -name '*_test.go' -exec cat {} + | wc -l); \
		budget=$$(echo "$(BUDGET)" | tr ' ' '\n' | sed -n "s,^$$pkg:,,p"); \
		over=; test -n "$$budget" && test "$$lines" -gt "$$budget" && over="over by $$((lines - budget))"; \
		printf '%-24s %6d %6s  %s\n' "$$pkg" "$$lines" "$${budget:--}" "$$over"; \
	done
