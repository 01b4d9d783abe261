package scenarios

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"

	"mailwalk/sim/near"
	"mailwalk/sim/trace"
)

// wrong is what is wrong with a value and what to do about it.
type wrong struct{ text, remedy string }

// setScalar gives v the value that text stands for.
func setScalar(v reflect.Value, text string) *wrong {
	if allowed := enumValues(v.Type()); allowed != nil {
		for _, a := range allowed {
			if a == text {
				v.SetString(text)
				return nil
			}
		}
		return &wrong{fmt.Sprintf("there is no %q here", text), meant(text, allowed)}
	}
	switch p := v.Addr().Interface().(type) {
	case *time.Duration:
		return parsed(p, text, ParseDuration)
	case *Size:
		return parsed(p, text, ParseSize)
	case *Bandwidth:
		return parsed(p, text, ParseBandwidth)
	case *Share:
		return parsed(p, text, ParseShare)
	case *Address:
		return setAddress(p, text)
	case *trace.Selector:
		return setSelector(p, text)
	case *time.Time:
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return &wrong{fmt.Sprintf("%q is not a date and time", text), "write it as in 2030-01-07T09:00:00Z"}
		}
		*p = t.UTC()
		return nil
	case *netip.Addr:
		a, err := netip.ParseAddr(text)
		if err != nil || a.Zone() != "" || a.Is4In6() {
			return &wrong{fmt.Sprintf("%q is not an IP address", text), "write it as in 192.0.2.10 or 2001:db8::10"}
		}
		*p = a
		return nil
	case *netip.Prefix:
		return setPrefix(p, text)
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
		return nil
	case reflect.Bool:
		switch text {
		case "yes", "true":
			v.SetBool(true)
		case "no", "false":
			v.SetBool(false)
		default:
			return &wrong{fmt.Sprintf("%q is neither yes nor no", text), "write yes or no"}
		}
		return nil
	case reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return &wrong{fmt.Sprintf("%q is not a whole number", text), "write digits alone"}
		}
		v.SetInt(int64(n))
		return nil
	case reflect.Uint64:
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return &wrong{fmt.Sprintf("%q is not a whole number from 0 to 2^64-1", text), "write digits alone"}
		}
		v.SetUint(n)
		return nil
	}
	return &wrong{"the value is of a type that the loader does not know: " + v.Type().String(), ""}
}

func parsed[T any](p *T, text string, parse func(string) (T, error)) *wrong {
	x, err := parse(text)
	if err != nil {
		text, remedy, _ := strings.Cut(err.Error(), ": write ")
		return &wrong{text, "write " + remedy}
	}
	*p = x
	return nil
}

func setPrefix(p *netip.Prefix, text string) *wrong {
	prefix, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return &wrong{fmt.Sprintf("%q is not an address range", text), "write it as in 192.0.2.0/24"}
	case prefix != prefix.Masked():
		return &wrong{fmt.Sprintf("%s has bits set behind its length", text), "write " + prefix.Masked().String()}
	}
	*p = prefix
	return nil
}

func setSelector(p *trace.Selector, text string) *wrong {
	s, err := trace.ParseSelector(text)
	if err == nil {
		*p = s
		return nil
	}
	var se *trace.SelectorError
	if errors.As(err, &se) {
		return &wrong{fmt.Sprintf("selector, character %d: %s", se.Column, se.Text), se.Remedy}
	}
	return &wrong{err.Error(), ""}
}

// setAddress reads local-part@domain, Name <local-part@domain>, or a short name
// of a person, which stays in Addr without an @ until people are known.
func setAddress(a *Address, text string) *wrong {
	name, rest, bracketed := strings.Cut(text, "<")
	if !bracketed {
		a.Addr = strings.TrimSpace(text)
		return nil
	}
	addr, after, closed := strings.Cut(rest, ">")
	if !closed || strings.TrimSpace(after) != "" {
		return &wrong{fmt.Sprintf("%q is not an address", text), "write it as in Bob <bob@globex.test>"}
	}
	a.Name, a.Addr = strings.Trim(strings.TrimSpace(name), `"`), strings.TrimSpace(addr)
	if a.Addr == "" {
		return &wrong{fmt.Sprintf("%q has no address between < and >", text), "write it as in Bob <bob@globex.test>"}
	}
	return nil
}

// meant says which of the known words a mistyped one may be, or lists them.
func meant(word string, known []string) string {
	if name := near.Name(word, known); name != "" {
		return "did you mean " + name + "?"
	}
	if len(known) == 0 {
		return ""
	}
	return "known: " + strings.Join(known, ", ")
}
