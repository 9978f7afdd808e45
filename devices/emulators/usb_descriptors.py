"""Descriptors of an emulated USB device, as pyusb reads their fields and as bytes on the wire.

Field names are those of the USB specification (2.0, chapter 9).
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.emulators.wire import UsbIdentity

BUS = 1
LANGUAGE = b"\x04\x03\x09\x04"  # English (United States)


@dataclass(frozen=True, slots=True)
class DeviceDescriptor:
    """What a device says first."""

    idVendor: int  # noqa: N815
    idProduct: int  # noqa: N815
    iManufacturer: int  # noqa: N815
    iProduct: int  # noqa: N815
    iSerialNumber: int  # noqa: N815
    address: int
    bus: int = BUS
    bLength: int = 18  # noqa: N815
    bDescriptorType: int = 1  # noqa: N815
    bcdUSB: int = 0x0200  # noqa: N815
    bDeviceClass: int = 0xFF  # noqa: N815
    bDeviceSubClass: int = 0xFF  # noqa: N815
    bDeviceProtocol: int = 0xFF  # noqa: N815
    bMaxPacketSize0: int = 64  # noqa: N815
    bcdDevice: int = 0x0100  # noqa: N815
    bNumConfigurations: int = 1  # noqa: N815
    port_number: int = 1
    port_numbers: tuple[int, ...] = (1,)
    speed: int = 3


@dataclass(frozen=True, slots=True)
class ConfigurationDescriptor:
    """Its only configuration."""

    wTotalLength: int  # noqa: N815
    bLength: int = 9  # noqa: N815
    bDescriptorType: int = 2  # noqa: N815
    bNumInterfaces: int = 1  # noqa: N815
    bConfigurationValue: int = 1  # noqa: N815
    iConfiguration: int = 0  # noqa: N815
    bmAttributes: int = 0x80  # noqa: N815
    bMaxPower: int = 250  # noqa: N815
    extra_descriptors: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class InterfaceDescriptor:
    """Its only interface, of the maker's own class."""

    bNumEndpoints: int  # noqa: N815
    bLength: int = 9  # noqa: N815
    bDescriptorType: int = 4  # noqa: N815
    bInterfaceNumber: int = 0  # noqa: N815
    bAlternateSetting: int = 0  # noqa: N815
    bInterfaceClass: int = 0xFF  # noqa: N815
    bInterfaceSubClass: int = 0xFF  # noqa: N815
    bInterfaceProtocol: int = 0xFF  # noqa: N815
    iInterface: int = 0  # noqa: N815
    extra_descriptors: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class EndpointDescriptor:
    """A bulk endpoint."""

    bEndpointAddress: int  # noqa: N815
    wMaxPacketSize: int  # noqa: N815
    bLength: int = 7  # noqa: N815
    bDescriptorType: int = 5  # noqa: N815
    bmAttributes: int = 2  # noqa: N815
    bInterval: int = 0  # noqa: N815
    bRefresh: int = 0  # noqa: N815
    bSynchAddress: int = 0  # noqa: N815
    extra_descriptors: tuple[int, ...] = ()


def texts(identity: UsbIdentity) -> tuple[str, str, str]:
    """Return its strings, in the order of their indices from 1."""
    return identity.manufacturer, identity.product, identity.serial


def endpoints(identity: UsbIdentity) -> tuple[int, ...]:
    """Return the addresses of its bulk endpoints, in the order of their descriptors."""
    return identity.endpoints_out + identity.endpoints_in


def descriptor_bytes(identity: UsbIdentity, kind: int, index: int) -> bytes | None:
    """Return a descriptor as a device sends it (device, configuration, string), or None."""
    if kind == 0x01:
        ids = identity.vendor_id.to_bytes(2, "little") + identity.product_id.to_bytes(2, "little")
        places = bytes(place if text else 0 for place, text in enumerate(texts(identity), 1))
        return b"\x12\x01\x00\x02\xff\xff\xff\x40" + ids + b"\x00\x01" + places + b"\x01"
    if kind == 0x02:
        ends = endpoints(identity)
        total = (18 + 7 * len(ends)).to_bytes(2, "little")
        size = identity.packet_size.to_bytes(2, "little")
        head = b"\x09\x02" + total + b"\x01\x01\x00\x80\xfa"
        face = b"\x09\x04\x00\x00" + bytes([len(ends)]) + b"\xff\xff\xff\x00"
        return (
            head
            + face
            + b"".join(b"\x07\x05" + bytes([e]) + b"\x02" + size + b"\x00" for e in ends)
        )
    if kind == 0x03 and index == 0:
        return LANGUAGE
    if kind == 0x03 and 1 <= index <= 3 and texts(identity)[index - 1]:
        text = texts(identity)[index - 1].encode("utf-16-le")[:252]
        return bytes([len(text) + 2, 3]) + text
    return None
