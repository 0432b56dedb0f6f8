// Package settings holds what the service can be told without a change of its code. A value comes from the runtime's
// defaults, then from wsgen.yaml, then from the environment; the last that says something wins.
package settings

// Settings are the settings of this service: those that every service has (Base), and yours.
type Settings struct {
	Base

	// Yours go here, each with the name of its environment variable:
	//
	//	DatabaseURL string `env:"DATABASE_URL,required"`
}

// Defaults returns the settings of a service that nobody told anything: neither wsgen.yaml nor the environment. Tests start
// from them. Give yours their defaults here.
func Defaults() Settings {
	return Settings{Base: baseDefaults()}
}

// Load returns the settings to run with. Its error has one line for each bad value, with the name of its variable.
func Load() (Settings, error) {
	s := Defaults()
	if err := load(&s, &s.Base); err != nil {
		return Settings{}, err
	}
	return s, nil
}
