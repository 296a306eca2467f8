# SPDX-License-Identifier: MIT
# The model of shared page tables, searched by spin (test/model/run-model, doc/shared-tables-model.md).
#
#	make check-model [MODEL_FLAGS=--deep]

.PHONY: check-model
check-model: ## every state of the model of shared page tables, and each rule broken once
	@tools/install-packages spin gcc libc6-dev python3
	@test/model/run-model $(MODEL_FLAGS)
