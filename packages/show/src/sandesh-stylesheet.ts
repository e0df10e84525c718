/** How a browser shows the answers of introspect: each names `/universal_parse.xsl`, without which it shows nothing at all. */

/**
 * Tables of fields, one row for each entry of a list of structures; a field with `link` asks for more of its value.
 * @see XSLT 1.0, which every browser has
 */
export const sandeshStylesheet = `<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:output method="html" encoding="UTF-8"/>
<xsl:template match="/">
<html><head><title><xsl:value-of select="name(*)"/></title>
<style>body{font:14px sans-serif}table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:2px 6px;text-align:left;vertical-align:top}</style>
</head><body><xsl:apply-templates select="//*[@type='sandesh']"/></body></html>
</xsl:template>
<xsl:template match="*[@type='sandesh']">
<h1><xsl:value-of select="name()"/></h1>
<xsl:call-template name="fields"/>
</xsl:template>
<xsl:template name="fields">
<table><xsl:for-each select="*[name() != 'more']">
<tr><th><xsl:value-of select="name()"/></th><td><xsl:apply-templates select="." mode="value"/></td></tr>
</xsl:for-each></table>
</xsl:template>
<xsl:template match="*" mode="value"><xsl:value-of select="."/></xsl:template>
<xsl:template match="*[@link][string()]" mode="value">
<a href="Snh_{@link}?x={.}"><xsl:value-of select="."/></a>
</xsl:template>
<xsl:template match="*[@type='struct']" mode="value">
<xsl:for-each select="*"><xsl:call-template name="fields"/></xsl:for-each>
</xsl:template>
<xsl:template match="*[@type='list']" mode="value">
<xsl:for-each select="list/element"><div><xsl:value-of select="."/></div></xsl:for-each>
<xsl:if test="list/*[not(self::element)]"><table>
<tr><xsl:for-each select="list/*[1]/*"><th><xsl:value-of select="name()"/></th></xsl:for-each></tr>
<xsl:for-each select="list/*"><tr><xsl:for-each select="*">
<td><xsl:apply-templates select="." mode="value"/></td>
</xsl:for-each></tr></xsl:for-each>
</table></xsl:if>
</xsl:template>
</xsl:stylesheet>
`;
