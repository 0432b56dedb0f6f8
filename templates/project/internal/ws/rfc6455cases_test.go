package ws_test

import (
	"fmt"
	"strings"
)

// frameCases: section 5.1, the mask, and the first octet of section 5.2.
func frameCases() []rfcCase {
	cases := []rfcCase{
		{"5.7", "the example of a masked text", "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", "text \"Hello\""},
		{"5.3", "a mask of zeros", frame(0x81, "hello"), "text \"hello\""},
		{"5.3", "another mask for each fragment", frame(0x01, "hel") + masked(0x80, "lo"), "text \"hello\""},
		{"5.1", "a text without a mask", "\x81\x05hello", "close 1002 protocol error"},
		{"5.1", "a ping without a mask", "\x89\x00", "close 1002 protocol error"},
		{"5.1", "a close without a mask", "\x88\x02\x03\xe8", "close 1002 protocol error"},
		{"5.1", "a text without a mask after one with", masked(0x81, "a") + "\x81\x01b", "close 1002 protocol error"},
		{"5.6", "binary, whatever it holds", masked(0x82, "\x00\xff\xc0\x80"), "binary \"\\x00\\xff\\xc0\\x80\""},
	}
	for _, opcode := range []byte{3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf} {
		for _, final := range []byte{0, 0x80} {
			cases = append(cases, rfcCase{"5.2", fmt.Sprintf("the reserved opcode %#x, FIN %v", opcode, final != 0),
				masked(final|opcode, "x") + bye(), "close 1002 protocol error"})
		}
	}
	for _, reserved := range []byte{0x40, 0x20, 0x10, 0x70} {
		for _, opcode := range []byte{1, 2, 8, 9, 10} {
			cases = append(cases, rfcCase{"5.2", fmt.Sprintf("the reserved bits %#x on opcode %d", reserved, opcode),
				masked(0x80|reserved|opcode, "") + bye(), "close 1002 protocol error"})
		}
		cases = append(cases, rfcCase{"5.2", fmt.Sprintf("the reserved bits %#x on a continuation", reserved),
			masked(0x01, "x") + masked(0x80|reserved, "y") + bye(), "close 1002 protocol error"})
	}
	return cases
}

// lengthCases: the length of section 5.2. That it has to be the shortest form is asked of who sends; a longer one does no harm,
// and is taken as other servers do. The limit of a message is 64 KiB.
func lengthCases() []rfcCase {
	var cases []rfcCase
	for _, n := range []int{0, 1, 124, 125, 126, 127, 255, 256, 65535, 65536} {
		data := strings.Repeat("x", n)
		for first, kind := range map[byte]string{0x81: "text", 0x82: "binary"} {
			cases = append(cases, rfcCase{"5.2", fmt.Sprint(kind, " of ", n), masked(first, data),
				kind + " " + brief(data)})
		}
	}
	long := strings.Repeat("x", 126)
	return append(cases,
		rfcCase{"5.2", "5 octets, length in 16 bits", maskedAs(0x81, 0xfe, "\x00\x05", "hello"), "text \"hello\""},
		rfcCase{"5.2", "5 octets, length in 64 bits", maskedAs(0x81, 0xff, "\x00\x00\x00\x00\x00\x00\x00\x05", "hello"), "text \"hello\""},
		rfcCase{"5.2", "126 octets, length in 64 bits", maskedAs(0x82, 0xff, "\x00\x00\x00\x00\x00\x00\x00\x7e", long), "binary " + brief(long)},
		rfcCase{"5.2", "the highest bit of a length", maskedAs(0x82, 0xff, "\x80\x00\x00\x00\x00\x00\x00\x00", ""), "close 1002 protocol error"},
		rfcCase{"5.2", "all bits of a length", maskedAs(0x82, 0xff, "\xff\xff\xff\xff\xff\xff\xff\xff", ""), "close 1002 protocol error"},
		rfcCase{"7.4.1", "a message of 64 KiB and one", masked(0x81, strings.Repeat("x", 65537)), "close 1009 message too big"},
		rfcCase{"7.4.1", "the same in fragments", fragments(0x01, strings.Repeat("x", 65535), "x", "x"), "close 1009 message too big"},
		rfcCase{"7.4.1", "a small one after it", masked(0x81, strings.Repeat("x", 65537)) + masked(0x81, "x") + bye(), "close 1009 message too big"},
	)
}

// fragmentCases: section 5.4.
func fragmentCases() []rfcCase {
	one := strings.Split("fragmented", "")
	return []rfcCase{
		{"5.4", "two fragments", fragments(0x01, "hel", "lo"), "text \"hello\""},
		{"5.4", "a fragment for each octet", fragments(0x01, one...), "text \"fragmented\""},
		{"5.4", "binary fragments", fragments(0x02, "\xff", "\x00"), "binary \"\\xff\\x00\""},
		{"5.4", "an empty first one", fragments(0x01, "", "hello"), "text \"hello\""},
		{"5.4", "an empty last one", fragments(0x01, "hello", ""), "text \"hello\""},
		{"5.4", "empty ones only", fragments(0x01, "", "", ""), "text \"\""},
		{"5.4", "two messages in fragments", fragments(0x01, "a", "b") + fragments(0x02, "c", "d"), "text \"ab\"\nbinary \"cd\""},
		{"5.4", "a ping between fragments", masked(0x01, "a") + masked(0x89, "p") + masked(0x80, "b"), "pong \"p\"\ntext \"ab\""},
		{"5.4", "a pong between fragments", masked(0x01, "a") + masked(0x8a, "p") + masked(0x80, "b"), "text \"ab\""},
		{"5.5.1", "a close between fragments", masked(0x01, "a") + bye() + masked(0x80, "b"), "close 1000"},
		{"5.4", "a message that never ends", masked(0x01, "a") + masked(0x00, "b") + bye(), "close 1000"},
		{"5.4", "a continuation of nothing", masked(0x00, "a") + bye(), "close 1002 protocol error"},
		{"5.4", "the end of nothing", masked(0x80, "a") + bye(), "close 1002 protocol error"},
		{"5.4", "a continuation after the end", fragments(0x01, "a", "b") + masked(0x80, "c"), "close 1002 protocol error"},
		{"5.4", "a text within a message", masked(0x01, "a") + masked(0x81, "b"), "close 1002 protocol error"},
		{"5.4", "the beginning of a text within a message", masked(0x02, "a") + masked(0x01, "b"), "close 1002 protocol error"},
		{"5.4", "a binary within a message", masked(0x01, "a") + masked(0x82, "b"), "close 1002 protocol error"},
	}
}

// controlCases: section 5.5, but for the close frame.
func controlCases() []rfcCase {
	full := strings.Repeat("x", 125)
	cases := []rfcCase{
		{"5.5.2", "a ping", masked(0x89, "hello"), "pong \"hello\""},
		{"5.5.2", "a ping without data", masked(0x89, ""), "pong \"\""},
		{"5.5.2", "a ping with 125 octets", masked(0x89, full), "pong \"" + full + "\""},
		{"5.5.2", "a ping that is no UTF-8", masked(0x89, "\xff"), "pong \"\\xff\""},
		{"5.5.3", "a pong that nobody asked for", masked(0x8a, "hello") + masked(0x81, "x"), "text \"x\""},
	}
	for opcode, name := range map[byte]string{8: "close", 9: "ping", 10: "pong"} {
		cases = append(cases,
			rfcCase{"5.5", name + " in fragments", masked(opcode, "") + masked(0x80, ""), "close 1002 protocol error"},
			rfcCase{"5.5", name + " in fragments, within a message", masked(0x01, "a") + masked(opcode, "") + masked(0x80, ""), "close 1002 protocol error"},
			rfcCase{"5.5", name + " with 126 octets", masked(0x80|opcode, full+"x"), "close 1002 protocol error"},
			rfcCase{"5.5", name + " with 65,536 octets", masked(0x80|opcode, strings.Repeat("x", 65536)), "close 1002 protocol error"},
			rfcCase{"5.5", name + " whose length is not in 7 bits", maskedAs(0x80|opcode, 0xfe, "\x00\x02", "\x03\xe8"), "close 1002 protocol error"})
	}
	return cases
}

// closeCases: sections 5.5.1 and 7.4, and the registry of close codes.
func closeCases() []rfcCase {
	reason := strings.Repeat("x", 123)
	cases := []rfcCase{
		{"5.5.1", "close without a code", masked(0x88, ""), "close"},
		{"5.5.1", "close with a reason", maskedClose(1000, "grüße"), "close 1000 grüße"},
		{"5.5.1", "close with the longest reason", maskedClose(1000, reason), "close 1000 " + reason},
		{"5.5.1", "a message after the close", bye() + masked(0x81, "x"), "close 1000"},
		{"5.5.1", "a breach after the close", bye() + "\xff\xff\xff", "close 1000"},
		{"5.5.1", "a second close", bye() + maskedClose(4000, ""), "close 1000"},
		// 8.1 would have 1007; a close frame is no text message, and both are read as "this was wrong".
		{"8.1", "a reason that is no UTF-8", maskedClose(1000, "\xce\xba\xff"), "close 1002 protocol error"},
		{"8.1", "a reason that is cut within a character", maskedClose(1000, "\xe2\x82"), "close 1002 protocol error"},
	}
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999} {
		cases = append(cases, rfcCase{"7.4", fmt.Sprint("the code ", code), maskedClose(code, ""), fmt.Sprint("close ", code)})
	}
	for _, code := range []int{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		cases = append(cases, rfcCase{"7.4", fmt.Sprint("the code ", code, ", which is not to be sent"), maskedClose(code, ""), "close 1002 protocol error"})
	}
	return cases
}

// textCases: section 8.1, and the table of well-formed UTF-8 in RFC 3629, section 4. Each text goes whole, and cut into
// fragments at every octet.
func textCases() []rfcCase {
	var cases []rfcCase
	for _, text := range []string{
		"κόσμε", "\x00", "\x7f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufffd", "\uffff", "\U00010000", "\U0010ffff", "a\U0001f600b",
	} {
		want := "text " + brief(text)
		cases = append(cases,
			rfcCase{"5.6", fmt.Sprintf("the text %+q", text), masked(0x81, text), want},
			rfcCase{"5.6", fmt.Sprintf("the text %+q in fragments", text), fragments(0x01, cut(text)...), want})
	}
	for _, text := range []string{
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2a", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xe2\x82", "\xed\xa0\x80", "\xed\xbf\xbf",
		"\xed\xa0\xbd\xed\xb8\x80", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf0\x9f\x98", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
		"\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80", "\xfe", "\xff", "κόσμε\xed\xa0\x80 edited",
	} {
		cases = append(cases,
			rfcCase{"8.1", fmt.Sprintf("the octets %+q", text), masked(0x81, text), "close 1007 text is not UTF-8"},
			rfcCase{"8.1", fmt.Sprintf("the octets %+q in fragments", text), fragments(0x01, cut(text)...), "close 1007 text is not UTF-8"},
			rfcCase{"5.6", fmt.Sprintf("the octets %+q as binary", text), masked(0x82, text), "binary " + brief(text)})
	}
	return cases
}

// cut parts a text into its octets.
func cut(text string) []string {
	octets := make([]string, len(text))
	for i := range octets {
		octets[i] = text[i : i+1]
	}
	return octets
}
