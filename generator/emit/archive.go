package emit

// archive ends a run by making it the newest operation of the history.
func (d *disk) archive() error {
	if err := d.removeAll(doneDir); err != nil {
		return err
	}
	number, err := d.nextNumber()
	if err != nil {
		return err
	}
	if err := d.rename(runDir, entryDir(number)); err != nil {
		return err
	}
	d.forget()
	return nil
}

// nextNumber returns the number of the next operation, and makes the folder of the history.
func (d *disk) nextNumber() (int, error) {
	if info, err := d.root.Lstat(historyDir); err == nil && !info.IsDir() {
		if err := d.remove(historyDir); err != nil { // a link, which must not be followed, or a file that nobody else has use for
			return 0, err
		}
	}
	numbers, err := d.numbers()
	if err != nil {
		return 0, err
	}
	next := 1
	if len(numbers) > 0 {
		next = numbers[len(numbers)-1] + 1
	}
	if next > maxNumber { // somebody made that up
		if err := d.removeAll(historyDir); err != nil {
			return 0, err
		}
		next = 1
	}
	return next, d.mkdirAll(historyDir)
}

// forget drops what is too old for the history. What cannot be removed is git-ignored, and the next run tries again.
func (d *disk) forget() {
	numbers, err := d.numbers()
	if err != nil || len(numbers) <= kept {
		return
	}
	for _, n := range numbers[:len(numbers)-kept] {
		if d.removeAll(doneDir) != nil || d.rename(entryDir(n), doneDir) != nil {
			return // one rename takes it out: no operation is left there in part
		}
	}
	_ = d.removeAll(doneDir)
}

// drop takes an operation out of the history, because the present run has undone it. Calling it again does nothing.
func (d *disk) drop(number int) error {
	if there, err := d.exists(entryDir(number)); err != nil || !there {
		return err
	}
	const dropped = runDir + "/dropped" // it goes with the run
	if err := d.removeAll(dropped); err != nil {
		return err
	}
	if err := d.rename(entryDir(number), dropped); err != nil {
		return err
	}
	d.removeEmpty(historyDir)
	return nil
}
