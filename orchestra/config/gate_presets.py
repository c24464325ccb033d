"""Gates that a project switches on by name: `gates: [security, ci]`. Each is a list to be read; docs/human-gates.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "security": {
        "paths": ("**/auth/**", "**/security/**", "**/crypto/**", "**/permissions/**", "**/*secret*", "**/*.pem",
                  "**/*.key", "**/.env*", "CODEOWNERS", "SECURITY.md"),
        "commands": ("gh secret *", "ssh-keygen *", "gpg *"),
        "why": "permissions and credentials",
    },
    "data": {
        "paths": ("**/migrations/**", "**/migrate/**", "**/*.sql", "**/schema.prisma", "**/schema.rb", "**/seeds/**"),
        "commands": ("psql *", "mysql *", "mongosh *", "redis-cli *", "alembic upgrade*", "prisma migrate*",
                     "python manage.py migrate*", "rails db*"),
        "why": "what is stored, and how stored data is migrated",
    },
    "external-api": {
        "paths": ("**/openapi*", "**/swagger*", "**/*.proto", "**/*.graphql", "**/*.avsc", "**/public_api/**"),
        "commands": ("curl * -X *", "curl * --data*", "curl * -d *", "npm publish*", "twine upload*", "cargo publish*",
                     "gh release *"),
        "why": "interfaces that others use, and what leaves this machine",
    },
    "dependencies": {
        "paths": ("**/package.json", "**/package-lock.json", "**/yarn.lock", "**/pnpm-lock.yaml", "**/pyproject.toml",
                  "**/requirements*.txt", "**/poetry.lock", "**/uv.lock", "**/Cargo.toml", "**/Cargo.lock",
                  "**/go.mod", "**/go.sum", "**/Gemfile*", "**/pom.xml", "**/build.gradle*", "**/Dockerfile*"),
        "commands": ("npm install *", "npm i *", "yarn add *", "pnpm add *", "pip install *", "uv add *",
                     "poetry add *", "cargo add *", "go get *"),
        "why": "third-party code that runs with the project",
    },
    "ci": {
        "paths": (".github/**", ".gitlab-ci.yml", ".circleci/**", "Jenkinsfile", ".ci/**", "**/.pre-commit-config.yaml",
                  "Makefile"),
        "commands": ("gh workflow *", "gh run rerun*"),
        "why": "a worker must not change its own checks unseen",
    },
}  # fmt: skip
