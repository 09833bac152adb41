# Two commands do everything, in either order, set-up included: `make study` and `make test`.
# ARGS go to the study: make study ARGS='seeds=[0,1,2]'

.PHONY: help setup study test test-full clean

help:
	@echo "make study      run the quick study to its report"
	@echo "make test       run every check"
	@echo "make test-full  the same with the long tests"
	@echo "make setup      only make .venv with the pinned packages"
	@echo "make clean      remove .venv and caches; runs/ stays"

setup:
	@sh scripts/bootstrap

study: setup
	@sh scripts/system-package g++ g++ "pretraining is not compiled and takes longer"
	@.venv/bin/moiety study quick $(ARGS)

test: setup
	@sh scripts/system-package chromium chromium "the test that opens the report in a browser is skipped"
	@sh scripts/system-package /usr/share/dict/american-english wamerican "coined words are not compared with a dictionary"
	@sh scripts/check

test-full: setup
	@sh scripts/system-package chromium chromium "the test that opens the report in a browser is skipped"
	@sh scripts/system-package /usr/share/dict/american-english wamerican "coined words are not compared with a dictionary"
	@sh scripts/check full

clean:
	rm -rf .venv .venv.lock .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
