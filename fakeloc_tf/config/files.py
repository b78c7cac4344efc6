"""Reads and writes a configuration: YAML file + overrides, mistakes named."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from fakeloc_tf.config.experiment import Config
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import write_text


def load(
    path: str | os.PathLike[str] | None = None, overrides: tuple[str, ...] = ()
) -> Config:
    """Reads a YAML file and applies overrides.

    Args:
        path: YAML file; None = all defaults.
        overrides: `section.key=value` strings; the value is read as YAML.

    Raises:
        FakelocError: the file cannot be read, or a key or value is not valid.
    """
    tree: Any = {}
    origin = "the defaults"
    if path is not None:
        origin = str(path)
        try:
            tree = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
        except OSError as error:
            raise FakelocError(f"config {path}: {error.strerror}") from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise FakelocError(f"config {path} is not YAML: {error}") from error
        if not isinstance(tree, dict):
            raise FakelocError(f"config {path}: expected keys and values at the top")
        _check(tree, origin)
    for override in overrides:
        _override(tree, override)
        _check(tree, f"override {override!r}")
    return _check(tree, origin)


def dump(config: Config, path: str | os.PathLike[str]) -> None:
    """Writes the resolved configuration as YAML that `load` reads back."""
    write_text(path, to_yaml(config))


def to_yaml(config: Config) -> str:
    """The resolved configuration as YAML text."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)


def config_sha256(config: Config) -> str:
    """Hash of the resolved configuration's YAML text."""
    return hashlib.sha256(to_yaml(config).encode()).hexdigest()


def _override(tree: dict[str, Any], override: str) -> None:
    """Sets `a.b=value` in the nested `tree`."""
    key, equals, text = override.partition("=")
    if not equals:
        raise FakelocError(f"override {override!r}: write it as section.key=value")
    *sections, leaf = key.strip().split(".")
    for section in sections:
        tree = tree.setdefault(section, {})
        if not isinstance(tree, dict):
            raise FakelocError(f"override {override!r}: {section!r} is not a section")
    try:
        tree[leaf] = _parse_value(text)
    except yaml.YAMLError as error:
        raise FakelocError(f"override {override!r}: {error}") from error


def _parse_value(text: str) -> Any:
    """A YAML value; also `2e-4`, which YAML 1.1 takes for a string."""
    value = yaml.safe_load(text)
    return _scientific(value)


def _scientific(value: Any) -> Any:
    """Numbers like `2e-4` that PyYAML (YAML 1.1) leaves as strings, in any nest."""
    if isinstance(value, dict):
        return {key: _scientific(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_scientific(item) for item in value]
    if isinstance(value, str) and "e" in value.lower() and value[:1] in "+-.0123456789":
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _check(tree: dict[str, Any], origin: str) -> Config:
    """Validates in JSON mode, where strict types still accept lists for tuples."""
    try:
        return Config.model_validate_json(json.dumps(_scientific(tree), default=str))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise FakelocError(_explain(first, origin)) from error


def _explain(problem: Any, origin: str) -> str:
    """One line for pydantic's first complaint: key, origin, nearest valid key."""
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] != "extra_forbidden":
        return f"{origin}: `{key}`: {problem['msg']}. Received: {problem['input']!r}"
    valid = list(_keys(Config))
    leaf_matches = [k for k in valid if k.rsplit(".")[-1] == key.rsplit(".")[-1]]
    near = leaf_matches or difflib.get_close_matches(key, valid, n=1, cutoff=0.4)
    hint = f"; the nearest valid key is `{near[0]}`" if near else ""
    return f"{origin}: unknown key `{key}`{hint}"


def _keys(section: type[BaseModel], prefix: str = "") -> list[str]:
    """Every valid dotted key."""
    keys = []
    for name, field in section.model_fields.items():
        keys.append(prefix + name)
        if isinstance(field.annotation, type) and issubclass(
            field.annotation, BaseModel
        ):
            keys += _keys(field.annotation, f"{prefix}{name}.")
    return keys
