package message

import (
	"path"
	"strings"
)

// TypeByName is the media type that a file name's ending stands for,
// application/octet-stream for one that is not known (RFC 2046 §4.5.1). It asks no
// table of the machine, so that it says the same everywhere.
func TypeByName(name string) string {
	switch strings.ToLower(path.Ext(name)) {
	case ".txt", ".text", ".log":
		return "text/plain"
	case ".md":
		return "text/markdown"
	case ".html", ".htm":
		return "text/html"
	case ".csv":
		return "text/csv"
	case ".ics":
		return "text/calendar"
	case ".vcf":
		return "text/vcard"
	case ".css":
		return "text/css"
	case ".xml":
		return "application/xml"
	case ".json":
		return "application/json"
	case ".pdf":
		return "application/pdf"
	case ".rtf":
		return "application/rtf"
	case ".zip":
		return "application/zip"
	case ".gz":
		return "application/gzip"
	case ".docx":
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	case ".xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case ".pptx":
		return "application/vnd.openxmlformats-officedocument.presentationml.presentation"
	case ".odt":
		return "application/vnd.oasis.opendocument.text"
	case ".ods":
		return "application/vnd.oasis.opendocument.spreadsheet"
	case ".png":
		return "image/png"
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".gif":
		return "image/gif"
	case ".svg":
		return "image/svg+xml"
	case ".webp":
		return "image/webp"
	case ".mp3":
		return "audio/mpeg"
	case ".ogg":
		return "audio/ogg"
	case ".wav":
		return "audio/vnd.wave"
	case ".mp4":
		return "video/mp4"
	case ".webm":
		return "video/webm"
	case ".eml":
		return "message/rfc822"
	}
	return "application/octet-stream"
}
