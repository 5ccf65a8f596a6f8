# Every target sets up what it needs; `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

STRICT := --explicit-target-dependency-import-check error

.PHONY: help setup build demo test lint format golden docs bench verify nightly ci

help: ## List the targets.
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## Install the Debian packages that building, running and testing need (root or sudo, only if missing).
	@scripts/set-up tests

build: ## Build everything, tests included (debug).
	@scripts/set-up
	@swift build --build-tests $(STRICT)

demo: ## Watch a commit become a finished workflow, in a temporary folder.
	@scripts/set-up
	@swift build $(STRICT)
	@scripts/contain --strict scripts/demo .build/debug

test: ## Run every test on real parts.
	@scripts/set-up tests
	@scripts/test

lint: ## Check formatting and style.
	@swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks
	@scripts/set-up
	@swift test $(STRICT) --filter TidyTests

format: ## Format the Swift sources in place.
	@swift format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks

golden: ## Rewrite the golden files from what the code makes now.
	@scripts/set-up tests
	@GOLDEN=write scripts/test --filter 'Golden|Schema|Diagnostic|SARIF|Kind|Document'

docs: golden ## Rewrite docs/reference from the kinds.

bench: ## Measure a release build beside the floor of each figure, and print the table.
	@scripts/set-up tests
	@swift build -c release --scratch-path .build-release $(STRICT)
	@scripts/contain .build-release/release/benchmarks

verify: golden ## Regenerate everything and fail when that changes a file.
	@git diff --exit-code -- Tests/Goldens docs examples README.md

nightly: ## What is too long for every change: 500 kills, every round trip to the database spoiled, and long fuzzing.
	@scripts/set-up tests
	@AGIRUNNER_FUZZ=50 scripts/test --filter "FuzzTests|TextLawTests|ReferenceLawTests"
	@AGIRUNNER_KILLS=500 AGIRUNNER_ANOMALIES=every scripts/test --filter "KillTests|AnomalyTests"

ci: ## What .ci/run does.
	@.ci/run
