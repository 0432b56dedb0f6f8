package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/AlecAivazis/survey/v2"
	"github.com/AlecAivazis/survey/v2/terminal"
)

// Prompter asks the user on a terminal. Every question has a default, which an empty answer takes. A user who leaves the
// question, and a context that ends, are errInterrupted. It is not for concurrent use: a terminal has one reader.
type Prompter interface {
	// Text asks for a line that check accepts; check's error is shown and the question asked again.
	Text(ctx context.Context, question, preset string, check func(string) error) (string, error)
	// Choose asks for one of the options.
	Choose(ctx context.Context, question string, options []string, preset string) (string, error)
	// Confirm asks for yes or no.
	Confirm(ctx context.Context, question string, preset bool) (bool, error)
}

// surveyPrompter is the Prompter on a real terminal. The library stays in this file: it is no longer maintained.
type surveyPrompter struct{ stdio terminal.Stdio }

// newSurveyPrompter returns a Prompter for the streams, or nil where they are not files and so cannot be a terminal.
func newSurveyPrompter(stdin io.Reader, stdout, stderr io.Writer) Prompter {
	in, inOK := stdin.(terminal.FileReader)
	out, outOK := stdout.(terminal.FileWriter)
	if !inOK || !outOK {
		return nil
	}
	return &surveyPrompter{terminal.Stdio{In: in, Out: out, Err: stderr}}
}

// Text implements Prompter.
func (p *surveyPrompter) Text(ctx context.Context, question, preset string, check func(string) error) (string, error) {
	var answer string
	validate := survey.WithValidator(func(got any) error {
		text, ok := got.(string)
		if !ok {
			return fmt.Errorf("the answer is a %T, not a line of text", got)
		}
		return check(text)
	})
	err := p.ask(ctx, &survey.Input{Message: question, Default: preset}, &answer, validate)
	return answer, err
}

// Choose implements Prompter.
func (p *surveyPrompter) Choose(ctx context.Context, question string, options []string, preset string) (string, error) {
	var answer string
	err := p.ask(ctx, &survey.Select{Message: question, Options: options, Default: preset}, &answer)
	return answer, err
}

// Confirm implements Prompter.
func (p *surveyPrompter) Confirm(ctx context.Context, question string, preset bool) (bool, error) {
	var answer bool
	err := p.ask(ctx, &survey.Confirm{Message: question, Default: preset}, &answer)
	return answer, err
}

// ask puts one question. The library only returns when a key is pressed, so a question that a signal cut short is left
// behind, with the terminal put back as it was.
func (p *surveyPrompter) ask(ctx context.Context, q survey.Prompt, answer any, options ...survey.AskOpt) error {
	saved := terminal.NewRuneReader(p.stdio)
	if err := saved.SetTermMode(); err != nil {
		return fmt.Errorf("the terminal cannot be set up for questions (--no-input asks none): %w", err)
	}
	restore := func() error { return saved.RestoreTermMode() }
	if err := restore(); err != nil {
		return fmt.Errorf("the terminal cannot be put back as it was: %w", err)
	}

	done := make(chan error, 1)
	go func() {
		done <- survey.AskOne(q, answer, append(options, survey.WithStdio(p.stdio.In, p.stdio.Out, p.stdio.Err))...)
	}()
	select {
	case err := <-done:
		if errors.Is(err, terminal.InterruptErr) || errors.Is(err, io.EOF) {
			return errInterrupted
		}
		return err
	case <-ctx.Done():
		return errors.Join(errInterrupted, restore())
	}
}
