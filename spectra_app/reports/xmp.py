"""The metadata of a PDF/A file (XMP, ISO 16684-1): what it is, and which standard it keeps."""

from __future__ import annotations

from xml.sax.saxutils import escape

PACKET_ID = "W5M0MpCehiHzreSzNTczkc9d"  # the value that the XMP standard prescribes
_PACKET = """<?xpacket begin="\ufeff" id="{packet}"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
    xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
   <pdfaid:part>2</pdfaid:part>
   <pdfaid:conformance>B</pdfaid:conformance>
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
   <dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
   <xmp:CreatorTool>Spectra</xmp:CreatorTool>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""


def xmp_metadata(title: str, language: str) -> bytes:
    """Return the XMP packet of a PDF/A-2b file (ISO 19005-2).

    Qt writes what PDF/A-1b asks for except for sets of the characters in a font subset (CIDSet),
    which part 2 no longer asks for; so the file says part 2.
    """
    return _PACKET.format(packet=PACKET_ID, title=escape(title), language=escape(language)).encode(
        "utf-8"
    )
