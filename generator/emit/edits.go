package emit

// Edit is a change that a command is asked to make to one file of the user's: remove it, move it, or rewrite it where it is.
type Edit struct {
	Path string // the file as it is
	To   string // where it goes: Path for a change in place, "" for its removal
	// Rewrite returns what a text of the file becomes. It is applied to the file and to its base alike, so that a file that was
	// not edited still counts as such afterwards. It is pure; nil leaves the text as it is.
	Rewrite func(text []byte) ([]byte, error)
}

// ConflictStyle says what a merge does where both sides changed the same lines.
type ConflictStyle string

// The styles.
const (
	NoMerge       ConflictStyle = ""        // the user's files are not merged at all
	MarkBoth      ConflictStyle = "markers" // both sides go into the file, between the markers of git
	ChangeNothing ConflictStyle = "fail"    // the plan has a conflict, and nothing is written
)
