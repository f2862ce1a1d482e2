package source

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tortures are what happens to followed logs, and the tests that do it. Where two are named, the
// second is of the whole program, under load or killed.
var tortures = []struct {
	number int
	what   string
	tests  []string
}{
	{1, "renamed, and written for a minute more", []string{"TestFollow01RenamedFileIsReadUntilItsWriterLetsGo"}},
	{2, "renamed and made again at once, USR1 later", []string{"TestFollow02OldComesBeforeNewThoughNewExists"}},
	{3, "50 rotations at 30 ms under load", []string{"TestFollow03ManyRotationsBetweenPolls", "TestFollowRotationsUnderLoad"}},
	{4, "the reader stands still over three rotations", []string{"TestFollow04StoppedReaderFindsRotatedFiles"}},
	{5, "and two of them are compressed", []string{"TestFollow05StoppedReaderFindsCompressedFiles", "TestLiveStoppedForADay"}},
	{6, "and one is deleted", []string{"TestFollow06MissingFileIsAGap"}},
	{7, "copytruncate of an idle file", []string{"TestFollow07CopytruncateOfAnIdleFile"}},
	{8, "copytruncate under load", []string{"TestFollow08CopytruncateUnderLoad", "TestFollowCopytruncateUnderLoad"}},
	{9, "truncated and grown past the old size", []string{"TestFollow09TruncatedAndGrownPastTheOffset", "TestFollowRefilledWhileRead"}},
	{10, "truncated to a length", []string{"TestFollow10TruncatedToALength"}},
	{11, "deleted and made again with the same number", []string{"TestFollow11RecreatedWithTheSameInode"}},
	{12, "deleted, and written on", []string{"TestFollow12DeletedWhileTheWriterGoesOn"}},
	{13, "another file is put in its place", []string{"TestFollow13AtomicReplace"}},
	{14, "two files begin alike", []string{"TestFollow14SameBanner"}},
	{15, "one line, then a restart", []string{"TestFollow15OneLineThenRestart"}},
	{16, "the last line has no end, then a rotation", []string{"TestFollow16UnfinishedLineOfARotatedFile"}},
	{17, "a line in up to 100 pieces", []string{"TestFollow17LineInManyPieces"}},
	{18, "runes and CRLF split", []string{"TestFollow18RunesAndCarriageReturnsSplit"}},
	{19, "zeros at the head", []string{"TestFollow19ZerosAreSkipped"}},
	{20, "10 MiB lines, a line without end", []string{"TestFollow20LongLines"}},
	{21, "garbage, UTF-16", []string{"TestFollow21AnyBytes", "TestFollow21UTF16"}},
	{22, "links", []string{"TestFollow22Links", "TestFollowTargetOfALinkIsRotated", "TestFollowDescriptorOfAProcess"}},
	{23, "directories and globs", []string{"TestFollow23Patterns", "TestFollowRenamedInsideOfADirectory"}},
	{24, "1000 files, inotify used up", []string{"TestFollow24LimitsUsedUp", "TestTailSoak"}},
	{25, "a burst on many files", []string{"TestFollow25Burst", "TestFollowListsADirectoryOnce"}},
	{26, "killed 200 times", []string{"TestFollow26KilledAtAnyMoment", "TestTailKilled"}},
	{27, "power cut", []string{"TestTail27PowerCut"}},
	{28, "the store is gone, damaged, full, locked, not to be written", []string{"TestTailStoreInTrouble", "TestCorruptFile", "TestRestore"}},
	{29, "permission lost, EIO", []string{"TestFollow29TroubleThatPasses", "TestTailWithoutLeave"}},
	{30, "FIFO, standard input, journal", []string{"TestFollow30FIFO", "TestFollow30StandardInput", "TestFollow30Journal"}},
	{31, "a slow store", []string{"TestFollow31SlowConsumerCostsNoMemory", "TestLiveWaitsForTheStore"}},
	{32, "the clock is set back", []string{"TestLiveClockSetBack"}},
	{33, "for years", []string{"TestFollow33Years", "TestLiveIsBounded"}},
	{34, "stopped at any moment", []string{"TestFollow34StopsAtOnce", "TestTailGivesUpTheStoreAtTheEnd"}},
	{35, "a file named twice", []string{"TestFollow35SameFileTwice"}},
	{36, "broken archives", []string{"TestFollow36BrokenArchiveAmongRotatedFiles"}},
}

// TestFollowTorturesAreTested: each of the 36 has its tests, and these are there.
func TestFollowTorturesAreTested(t *testing.T) {
	var text strings.Builder
	for _, dir := range []string{".", "../../cmd/culprit", "../../cmd/internal/pipeline", "../../store"} {
		files, err := filepath.Glob(dir + "/*_test.go")
		must(t, err)
		for _, file := range files {
			data, err := os.ReadFile(file)
			must(t, err)
			text.Write(data)
		}
	}
	for i, torture := range tortures {
		if torture.number != i+1 || len(torture.tests) == 0 {
			t.Errorf("%d: %s: number %d, tests %v", i+1, torture.what, torture.number, torture.tests)
		}
		if k := slices.IndexFunc(torture.tests, func(name string) bool { return !strings.Contains(text.String(), "\nfunc "+name+"(t *testing.T)") }); k >= 0 {
			t.Errorf("%d: %s: there is no %s", torture.number, torture.what, torture.tests[k])
		}
	}
	if len(tortures) != 36 {
		t.Errorf("%d tortures", len(tortures))
	}
}
