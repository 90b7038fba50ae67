"""A schema (XSD) put together from models that xsdata made of the standard's own schema.

The models keep names, order, number, patterns, lengths and code lists of what they were made of, so that the
schema made of them accepts and refuses the same documents.
"""

import types
import typing
from decimal import Decimal
from enum import Enum
from xml.sax.saxutils import quoteattr

from lxml import etree
from pydantic import BaseModel
from xsdata.models.datatype import XmlDuration

XS = "http://www.w3.org/2001/XMLSchema"
BASES = {str: "xs:string", int: "xs:integer", Decimal: "xs:decimal", XmlDuration: "xs:duration"}
FACETS = {
    "pattern": "pattern",
    "max_length": "maxLength",
    "min_inclusive": "minInclusive",
    "max_inclusive": "maxInclusive",
}


def schema_of(model: type[BaseModel]) -> etree.XMLSchema:
    """The schema of documents whose root is a model."""
    namespace = model.Meta.namespace
    made: dict[str, str] = {}
    _complex(model, made)
    text = (
        f'<xs:schema xmlns:xs="{XS}" xmlns="{namespace}" targetNamespace="{namespace}" '
        f'elementFormDefault="qualified"><xs:element name="{model.Meta.name}" type="{model.__name__}"/>'
        f"{''.join(made.values())}</xs:schema>"
    )
    return etree.XMLSchema(etree.fromstring(text))


def _complex(model: type[BaseModel], made: dict[str, str]) -> str:
    if model.__name__ in made:
        return model.__name__
    made[model.__name__] = ""
    hints = typing.get_type_hints(model)
    parts, attributes, value = [], [], ""
    for name, field in model.model_fields.items():
        facts = field.xsdata_metadata
        kind, least, most = _bounds(hints[name], facts)
        type_of = _complex(kind, made) if _is_model(kind) else ""
        inner = "" if type_of else _simple(kind, facts)
        ref = f" type={quoteattr(type_of)}" if type_of else ""
        label = quoteattr(facts.get("name", name))
        if facts.get("type") == "Attribute":
            attributes.append(f'<xs:attribute name={label} use="required">{inner}</xs:attribute>')
        elif facts.get("type") == "Element":
            count = f'minOccurs="{least}" maxOccurs="{most}"'
            parts.append(f"<xs:element name={label}{ref} {count}>{inner}</xs:element>")
        else:
            made[f"{model.__name__}Value"] = inner.replace(
                "<xs:simpleType>", f'<xs:simpleType name="{model.__name__}Value">'
            )
            value = f"{model.__name__}Value"
    body = f"<xs:sequence>{''.join(parts)}</xs:sequence>{''.join(attributes)}"
    if value:
        body = (
            f'<xs:simpleContent><xs:extension base="{value}">{"".join(attributes)}</xs:extension>'
            "</xs:simpleContent>"
        )
    made[model.__name__] = f'<xs:complexType name="{model.__name__}">{body}</xs:complexType>'
    return model.__name__


def _bounds(hint: typing.Any, facts: dict) -> tuple[type, int, int | str]:
    """The type of a field, and how often it stands."""
    if typing.get_origin(hint) is list:
        return typing.get_args(hint)[0], facts.get("min_occurs", 0), "unbounded"
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        (kind,) = (each for each in typing.get_args(hint) if each is not type(None))
        return kind, 0, 1
    return hint, 1, 1


def _is_model(kind: type) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _simple(kind: type, facts: dict) -> str:
    if issubclass(kind, Enum):
        limits = "".join(f"<xs:enumeration value={quoteattr(str(each.value))}/>" for each in kind)
        return f'<xs:simpleType><xs:restriction base="xs:string">{limits}</xs:restriction></xs:simpleType>'
    limits = "".join(
        f"<xs:{facet} value={quoteattr(str(facts[fact]))}/>"
        for fact, facet in FACETS.items()
        if fact in facts
    )
    return f'<xs:simpleType><xs:restriction base="{BASES[kind]}">{limits}</xs:restriction></xs:simpleType>'
