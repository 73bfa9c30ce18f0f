import Testing

@testable import WAMPClient

@Suite struct UTF8ValidatorTests {
    /// How many octets of a text are accepted before a wrong one; nil if none is wrong.
    private static func firstWrong(_ octets: [UInt8]) -> Int? {
        var validator = UTF8Validator()
        for (index, octet) in octets.enumerated() {
            guard [octet].withUnsafeBytes({ validator.accept($0) }) else { return index }
        }
        return nil
    }

    private static func isValidInPieces(_ octets: [UInt8], cut: Int) -> Bool {
        var validator = UTF8Validator()
        return octets[..<cut].withUnsafeBytes { validator.accept($0) }
            && octets[cut...].withUnsafeBytes { validator.accept($0) } && validator.isComplete
    }

    /// Each sequence of one and two octets, and longer ones of the octets at the bounds, compared with the standard
    /// library.
    @Test func asTheStandardLibraryHasIt() {
        let edges: [UInt8] = [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF]
        var texts: [[UInt8]] = [[]]
        for first in UInt8.min...UInt8.max {
            texts.append([first])
            for second in UInt8.min...UInt8.max {
                texts.append([first, second])
            }
            for second in edges where first >= 0xC0 {
                for third in edges {
                    texts.append([first, second, third])
                    texts.append(contentsOf: edges.map { [first, second, third, $0] })
                }
            }
        }
        let wrong = texts.filter { text in
            let expected = String(validating: text, as: UTF8.self) != nil
            return Self.isValidInPieces(text, cut: text.count / 2) != expected
                || text.withUnsafeBytes(UTF8Validator.isValid) != expected
        }
        #expect(wrong.isEmpty)
    }

    @Test func everySplitPoint() {
        let octets = Array("plain ASCII of some length, \u{E9}\u{65E5}\u{672C}\u{8A9E} \u{1F600} and more of it".utf8)
        for cut in 0...octets.count {
            #expect(Self.isValidInPieces(octets, cut: cut), "cut at \(cut)")
        }
        for end in 0..<octets.count {
            let isWhole = String(validating: octets[..<end], as: UTF8.self) != nil
            #expect(Self.isValidInPieces(Array(octets[..<end]), cut: end / 2) == isWhole)
        }
    }

    /// A wrong octet is found when it arrives, not when its character would end.
    @Test(arguments: [
        ([0x61, 0x80], 1), ([0xC0, 0x80], 0), ([0xC1], 0), ([0xE0, 0x9F], 1), ([0xED, 0xA0], 1), ([0xF0, 0x8F], 1),
        ([0xF4, 0x90], 1), ([0xF5], 0), ([0xE1, 0x80, 0x41], 2), ([0xF1, 0x80, 0x80, 0xC3], 3),
    ])
    func failsAtOnce(_ octets: [UInt8], _ place: Int) {
        #expect(Self.firstWrong(octets) == place)
    }
}
