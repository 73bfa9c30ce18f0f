import Testing

@testable import Cryptography

@Suite struct SASLPrepTests {
    /// The first are RFC 4013's own examples.
    @Test(arguments: [
        ("I\u{AD}X", "IX"), ("user", "user"), ("USER", "USER"), ("p\u{A0}w", "p w"), ("p\u{3000}w", "p w"),
        ("a\u{200B}b\u{FEFF}", "ab"), (" ~", " ~"), ("größe", "größe"), ("ÄÖÜẞ", "ÄÖÜẞ"), ("ελληνικός", "ελληνικός"),
        ("Пароль", "Пароль"), ("密码", "密码"), ("パスワード", "パスワード"), ("암호", "암호"), ("žluťoučký", "žluťoučký"),
        ("€uro", "€uro"), ("😀", "😀"), ("שלום", "שלום"), ("سر1ر", "سر1ر"),
    ])
    func prepares(_ text: String, _ expected: String) throws {
        #expect(try SASLPrep.prepare(text).utf8.elementsEqual(expected.utf8))
        #expect(try SASLPrep.prepare(SecretBytes(text)) == SecretBytes(expected))
    }

    @Test(arguments: [
        ("", SASLPrep.Failure.empty), ("\u{AD}", .empty), ("\u{07}", .prohibited), ("a\nb", .prohibited),
        ("a\u{7F}", .prohibited), ("\u{E000}", .prohibited), ("\u{FFFD}", .prohibited), ("\u{200E}", .prohibited),
        ("\u{2028}", .prohibited), ("\u{E0001}", .prohibited), ("\u{FFFE}", .prohibited), ("\u{85}", .prohibited),
        // RFC 4013 maps these to "a" and "IX".
        ("\u{AA}", .notNormalized), ("\u{2168}", .notNormalized),
        ("e\u{301}", .notNormalized), ("ﬁ", .notNormalized), ("Ａ", .notNormalized), ("\u{212B}", .notNormalized),
        ("\u{2126}", .notNormalized), ("\u{212A}", .notNormalized), ("ｱ", .notNormalized),
        ("\u{1100}\u{1161}", .notNormalized),
        ("½", .notNormalized), ("²", .notNormalized), ("…", .notNormalized),
        ("\u{627}1", .bidirectional), ("a\u{5D0}", .bidirectional), ("\u{5D0}a\u{5D0}", .bidirectional),
        ("1\u{5D0}", .bidirectional), ("\u{5D0}é\u{5D0}", .bidirectional),
    ])
    func refuses(_ text: String, _ failure: SASLPrep.Failure) {
        #expect(throws: failure) { try SASLPrep.prepare(text) }
        #expect(!failure.problem.isEmpty && !failure.remedy.isEmpty)
    }

    @Test(arguments: [[0xFF], [0x61, 0xC3], [0xED, 0xA0, 0x80]] as [[UInt8]])
    func refusesWhatIsNotText(_ bytes: [UInt8]) {
        #expect(throws: SASLPrep.Failure.encoding) { try SASLPrep.prepare(SecretBytes(bytes)) }
    }
}
