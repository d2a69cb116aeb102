"""Lists the public items of a crate, one a line, from the JSON that rustdoc writes: list.py CRATE.json.

A line that goes, or changes, is a change that users of the crate may have to follow.
Documentation, private items and what the compiler implements by itself are left out.
"""

import json
import sys


class Crate:
    """A crate's items, and the lines that were made of them."""

    def __init__(self, document):
        self.index = document["index"]
        self.name = self.index[str(document["root"])]["name"]
        self.root = document["root"]
        self.lines = set()
        self.seen = set()

    def item(self, identifier):
        return self.index.get(str(identifier))

    def add(self, kind, path, rest=""):
        self.lines.add((path, f"{kind} {path}{rest}"))

    def walk(self, identifier, path):
        """Lists the item and all below it, as being at `path`."""
        item = self.item(identifier)
        if item is None or (identifier, path) in self.seen:
            return
        self.seen.add((identifier, path))
        kind, inner = next(iter(item["inner"].items()))
        visit = getattr(self, f"visit_{kind}", None)
        if visit is None:
            self.add(kind, path)
        else:
            visit(item, inner, path)

    def visit_module(self, _item, inner, path):
        self.add("mod", path)
        for child in inner["items"]:
            found = self.item(child)
            if found is None:
                continue
            if "use" in found["inner"]:
                self.use(found["inner"]["use"], path)
            elif found["name"]:
                self.walk(child, f"{path}::{found['name']}")

    def use(self, use, path):
        target = self.item(use["id"]) if use["id"] is not None else None
        if use["is_glob"]:
            if target is None:
                self.add("use", f"{path}::*", f" = {use['source']}")
            else:
                self.visit_module(target, target["inner"]["module"], path)
        elif target is None:
            self.add("use", f"{path}::{use['name']}", f" = {use['source']}")
        else:
            self.walk(use["id"], f"{path}::{use['name']}")

    def visit_struct(self, item, inner, path):
        self.add("struct", path, generics(inner["generics"]) + where(inner["generics"]) + marks(item))
        kind = inner["kind"]
        if isinstance(kind, dict) and "plain" in kind:
            self.fields(kind["plain"]["fields"], path)
        elif isinstance(kind, dict):
            self.fields([field for field in kind["tuple"] if field is not None], path)
        self.impls(inner["impls"], path)

    def visit_union(self, item, inner, path):
        self.add("union", path, generics(inner["generics"]) + where(inner["generics"]) + marks(item))
        self.fields(inner["fields"], path)
        self.impls(inner["impls"], path)

    def visit_enum(self, item, inner, path):
        self.add("enum", path, generics(inner["generics"]) + where(inner["generics"]) + marks(item))
        for variant in inner["variants"]:
            found = self.item(variant)
            place = f"{path}::{found['name']}"
            kind = found["inner"]["variant"]["kind"]
            self.add("variant", place, marks(found))
            if isinstance(kind, dict) and "tuple" in kind:
                self.fields([field for field in kind["tuple"] if field is not None], place)
            elif isinstance(kind, dict):
                self.fields(kind["struct"]["fields"], place)
        self.impls(inner["impls"], path)

    def visit_trait(self, item, inner, path):
        self.add("trait", path, generics(inner["generics"]) + colon(inner["bounds"]) + where(inner["generics"]))
        for child in inner["items"]:
            found = self.item(child)
            self.walk(child, f"{path}::{found['name']}")

    def visit_function(self, _item, inner, path):
        header = inner["header"]
        words = [word for word in ("const", "async", "unsafe") if header[f"is_{word}"]]
        required = "" if inner["has_body"] else " (required)"
        kinds = inner["generics"]
        self.add(" ".join([*words, "fn"]), path, generics(kinds) + signature(inner["sig"]) + where(kinds) + required)

    def visit_type_alias(self, _item, inner, path):
        self.add("type", path, f"{generics(inner['generics'])} = {of(inner['type'])}")

    def visit_constant(self, _item, inner, path):
        value = inner["const"]["value"] or inner["const"]["expr"]
        self.add("const", path, f": {of(inner['type'])} = {value}")

    def visit_static(self, _item, inner, path):
        self.add("static", path, f": {of(inner['type'])}")

    def visit_assoc_const(self, _item, inner, path):
        self.add("const", path, f": {of(inner['type'])}")

    def visit_assoc_type(self, _item, inner, path):
        known = f" = {of(inner['type'])}" if inner.get("type") else ""
        self.add("type", path, colon(inner["bounds"]) + known)

    def fields(self, fields, path):
        for field in fields:
            found = self.item(field)
            if found is not None:
                self.add("field", f"{path}::{found['name']}", f": {of(found['inner']['struct_field'])}")

    def impls(self, impls, path):
        for identifier in impls:
            found = self.item(identifier)
            if found is None:
                continue
            inner = found["inner"]["impl"]
            if inner["is_synthetic"] or inner["blanket_impl"]:
                continue
            if inner["trait"] is None:
                for child in inner["items"]:
                    method = self.item(child)
                    if method is not None:
                        self.walk(child, f"{path}::{method['name']}")
            elif inner["trait"]["path"] != "StructuralPartialEq":
                name = of_path(inner["trait"])
                types = [self.item(child) for child in inner["items"]]
                types = [f"{item['name']} = {of(item['inner']['assoc_type']['type'])}" for item in types
                         if item is not None and "assoc_type" in item["inner"]]
                known = f" ({', '.join(types)})" if types else ""
                self.add("impl", f"{path}: {name}", known)


def marks(item):
    names = [word for word in ("non_exhaustive", "must_use") if word in json.dumps(item["attrs"])]
    return "".join(f" #[{name}]" for name in names)


def signature(sig):
    inputs = []
    for name, kind in sig["inputs"]:
        text = of(kind)
        inputs.append({"Self": "self", "&Self": "&self", "&mut Self": "&mut self"}.get(text, f"self: {text}")
                      if name == "self" else f"{name}: {text}")
    output = f" -> {of(sig['output'])}" if sig["output"] else ""
    return f"({', '.join(inputs)}){output}"


def generics(kinds):
    names = []
    for param in kinds["params"]:
        kind, inner = next(iter(param["kind"].items()))
        if kind == "type" and not inner["is_synthetic"]:
            names.append(param["name"] + colon(inner["bounds"]))
        elif kind == "lifetime":
            names.append(param["name"])
        elif kind == "const":
            names.append(f"const {param['name']}: {of(inner['type'])}")
    return f"<{', '.join(names)}>" if names else ""


def where(kinds):
    parts = []
    for predicate in kinds["where_predicates"]:
        kind, inner = next(iter(predicate.items()))
        if kind == "bound_predicate":
            parts.append(of(inner["type"]) + colon(inner["bounds"]))
        elif kind == "lifetime_predicate":
            parts.append(f"{inner['lifetime']}: {' + '.join(inner['outlives'])}")
    return f" where {', '.join(parts)}" if parts else ""


def colon(bounds):
    return f": {' + '.join(map(bound, bounds))}" if bounds else ""


def bound(kind):
    name, inner = next(iter(kind.items()))
    if name == "trait_bound":
        return ("?" if inner["modifier"] == "maybe" else "") + of_path(inner["trait"])
    if name == "outlives":
        return inner
    return f"use<{', '.join(next(iter(arg.values())) if isinstance(arg, dict) else arg for arg in inner)}>"


def of_path(path):
    return path["path"].split("::")[-1] + arguments(path.get("args"))


def arguments(args):
    if not args or isinstance(args, str):
        return ""
    kind, inner = next(iter(args.items()))
    if kind == "parenthesized":
        output = f" -> {of(inner['output'])}" if inner["output"] else ""
        return f"({', '.join(map(of, inner['inputs']))}){output}"
    parts = []
    for argument in inner["args"]:
        if argument == "infer":
            parts.append("_")
            continue
        what, value = next(iter(argument.items()))
        parts.append(of(value) if what == "type" else value["expr"] if what == "const" else value)
    for constraint in inner["constraints"]:
        what, value = next(iter(constraint["binding"].items()))
        text = f" = {of(value['type'])}" if what == "equality" and "type" in value else colon(value)
        parts.append(constraint["name"] + text)
    return f"<{', '.join(parts)}>" if parts else ""


def of(kind):
    """A type, as short as it can be written."""
    if isinstance(kind, str):
        return "_"
    name, inner = next(iter(kind.items()))
    if name == "resolved_path":
        return of_path(inner)
    if name in ("generic", "primitive"):
        return inner
    if name == "tuple":
        return f"({', '.join(map(of, inner))})"
    if name == "slice":
        return f"[{of(inner)}]"
    if name == "array":
        return f"[{of(inner['type'])}; {inner['len']}]"
    if name == "borrowed_ref":
        lifetime = f"{inner['lifetime']} " if inner["lifetime"] else ""
        return f"&{lifetime}{'mut ' if inner['is_mutable'] else ''}{of(inner['type'])}"
    if name == "impl_trait":
        return f"impl {' + '.join(map(bound, inner))}"
    if name == "dyn_trait":
        parts = [of_path(part["trait"]) for part in inner["traits"]]
        return f"dyn {' + '.join(parts + ([inner['lifetime']] if inner['lifetime'] else []))}"
    if name == "qualified_path":
        return f"{of(inner['self_type'])}::{inner['name']}"
    if name == "function_pointer":
        return f"fn{signature(inner['sig'])}"
    return name


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        crate = Crate(json.load(file))
    crate.walk(crate.root, crate.name)
    for _path, line in sorted(crate.lines):
        print(line.rstrip())


if __name__ == "__main__":
    main()
