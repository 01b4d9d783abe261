package scenarios

// Narration is something said to the learner, in up to three depths. A depth
// that is missing is told as the one before it.
type Narration struct {
	Pos Position `yaml:"-"`
	// For somebody who has never seen a protocol.
	Newcomer string `yaml:"newcomer,required"`
	// For a student of networking.
	Student string `yaml:"student"`
	// For somebody who runs such servers.
	Engineer string `yaml:"engineer"`
	// Whether it warns of something that should not be done outside a lesson.
	Warning bool `yaml:"warning" default:"no"`
	Anchor  `yaml:",inline"`
}
