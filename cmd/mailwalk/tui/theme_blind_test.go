package tui

import (
	"image/color"
	"math"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// eyes are how colours look to those who lack one kind of cones, as matrices on linear
// sRGB: G. M. Machado, M. M. Oliveira and L. A. F. Fernandes, "A Physiologically-based
// Model for Simulation of Color Vision Deficiency", IEEE TVCG 15(6), 2009, severity 1.
var eyes = []struct {
	name   string
	matrix [3][3]float64
}{
	{"trichromat", [3][3]float64{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
	{"protanope", [3][3]float64{{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}},
	{"deuteranope", [3][3]float64{{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}},
	{"tritanope", [3][3]float64{{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}},
}

// seen is a colour in CIE L*a*b* (D65), as an eye sees it.
func seen(c color.Color, eye [3][3]float64) [3]float64 {
	r, g, b, _ := c.RGBA()
	var rgb [3]float64
	for i, v := range [3]uint32{r, g, b} {
		rgb[i] = linear(v)
	}
	var x [3]float64
	for i, row := range eye {
		x[i] = max(0, min(1, row[0]*rgb[0]+row[1]*rgb[1]+row[2]*rgb[2]))
	}
	toXYZ := [3][3]float64{{0.4124564, 0.3575761, 0.1804375}, {0.2126729, 0.7151522, 0.0721750}, {0.0193339, 0.1191920, 0.9503041}}
	white := [3]float64{0.95047, 1, 1.08883}
	var f [3]float64
	for i, row := range toXYZ {
		t := (row[0]*x[0] + row[1]*x[1] + row[2]*x[2]) / white[i]
		const delta = 6.0 / 29
		if t > delta*delta*delta {
			f[i] = math.Cbrt(t)
		} else {
			f[i] = t/(3*delta*delta) + 4.0/29
		}
	}
	return [3]float64{116*f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])}
}

// apart is how far two colours are from each other (CIE 1976): one is where somebody
// who looks for it just sees that they differ.
func apart(a, b color.Color, eye [3][3]float64) float64 {
	x, y := seen(a, eye), seen(b, eye)
	return math.Hypot(math.Hypot(x[0]-y[0], x[1]-y[1]), x[2]-y[2])
}

// TestColoursAreToldApart by those who lack one kind of cones.
func TestColoursAreToldApart(t *testing.T) {
	const least = 15
	if d := apart(lipgloss.Color("#ff0000"), lipgloss.Color("#918700"), eyes[2].matrix); d > least {
		t.Fatalf("a red and an olive that a deuteranope takes for one another are %.1f apart", d)
	}
	for _, name := range []ThemeName{Dark, Light} {
		th := newTheme(name, colorprofile.TrueColor)
		fg := func(s lipgloss.Style) color.Color { return s.GetForeground() }
		bg := func(s lipgloss.Style) color.Color { return s.GetBackground() }
		for _, pair := range []struct {
			what string
			a, b color.Color
		}{
			{"what goes wrong and what goes right", fg(th.fault), fg(th.good)},
			{"a warning and what goes right", fg(th.warning), fg(th.good)},
			{"what goes wrong and a warning", fg(th.fault), fg(th.warning)},
			{"what goes wrong and the mail", fg(th.fault), fg(th.mail)},
			{"the mail and what goes right", fg(th.mail), fg(th.good)},
			{"the client and the server", fg(th.client), fg(th.server)},
			{"the mail and a client", fg(th.mail), fg(th.client)},
			{"a look-up and a choice", fg(th.lookup), fg(th.choice)},
			{"a note and a key", fg(th.note), fg(th.key)},
			{"the frame of the pane with the focus and of others", fg(th.focus), fg(th.border)},
			{"the frames of the past and of the present", fg(th.pastBorder), fg(th.border)},
			{"the frames of the past and of the focus", fg(th.pastBorder), fg(th.focus)},
			{"the bars of the past and of the present", bg(th.pastBar), bg(th.barStrong)},
			{"the bars of what is right and of what is wrong", bg(th.goodBar), bg(th.badBar)},
		} {
			for _, eye := range eyes {
				if d := apart(pair.a, pair.b, eye.matrix); d < least {
					t.Errorf("%s: to a %s, %s are only %.1f apart", name, eye.name, pair.what, d)
				}
			}
		}
	}
}
