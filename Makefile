# Two verbs to know: `make run` and `make test`. The others are for people who change igym.
#
# PORT, WEB, GAMES and REDIS_URL reach igym as `make run PORT=9000` or `PORT=9000 make run`.

.DEFAULT_GOAL := help
.PHONY: help run test test-deploy fast check format bench audit lock wheel clean
MAKEFLAGS += --no-print-directory

help: ## This list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The recipe's last line becomes igym itself, so that Ctrl-C arrives there once and nowhere else.
run: ## Install into .venv and play: embedded Redis, 2 web workers, 1 game worker (Ctrl-C stops all)
	@scripts/setup run
	@exec .venv/bin/igym up examples/slime_volleyball_ai examples/slime_volleyball

test: ## Install what is missing and run everything: lint, types, contracts, client, tests
	@scripts/setup dev
	@scripts/debian
	@exec scripts/stages check client tests

test-deploy: ## The tests in containers only: builds both images, starts Docker where it may
	@scripts/setup dev
	@scripts/debian
	@exec scripts/stages deploy

fast: ## The unit tests only
	@scripts/setup dev
	@exec scripts/stages fast

check: ## Lint, types and contracts of Python and TypeScript; no tests
	@scripts/setup dev
	@exec scripts/stages check

format: ## Rewrite Python and TypeScript the way `make check` wants them
	@scripts/setup dev
	@exec scripts/stages format

bench: ## Measure (see bench/); not a test
	@scripts/setup dev
	@exec .venv/bin/python -m bench

audit: ## Ask PyPI and npm for known holes in what is pinned; says so where they cannot be asked
	@scripts/setup dev
	@exec .venv/bin/python scripts/audit

lock: ## Resolve pyproject.toml into the two lock files
	@scripts/setup dev
	@exec scripts/lock

wheel: ## Build dist/igym-….whl, client included
	@scripts/setup dev
	@exec .venv/bin/python -m hatchling build -t wheel

clean: ## Remove what can be built again; .venv and data stay
	rm -rf dist igym/web/static .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.venv/*' -not -path '*/node_modules/*' -prune -exec rm -rf {} +
