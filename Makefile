# The commands of this repository. `make test` is what CI runs.

.PHONY: build test test-long golden

build: ## the binary, bin/wsgen
	go build -o bin/wsgen .

test: ## everything that has to hold before a commit; installs what it needs
	scripts/test.sh

test-long: ## 100,000 messages over thousands of cuts, every command ended at each step, a full disk, then every fuzz target; SECONDS_EACH=600 for longer than a minute each
	scripts/test-long.sh

golden: ## writes the golden projects again, after a meant change of output
	go test ./golden -run 'TestGolden$$' -update
	git add -f golden/minimal golden/mixed golden/updater golden/session_redis golden/jwt_nats
