module mailwalk/protocols/smtp/bench

go 1.26.3

require (
	github.com/emersion/go-smtp v0.25.1
	mailwalk v0.0.0
)

require (
	github.com/emersion/go-sasl v0.0.0-20241020182733-b788ff22d5a6 // indirect
	golang.org/x/text v0.43.0 // indirect
)

replace mailwalk => ../../..
