import Names
import Testing

@Suite struct EditDistanceTests {
    @Test(arguments: [
        ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("kitten", "sitting", 3),
        ("ca", "abc", 3),
    ])
    func distances(_ first: String, _ second: String, _ expected: Int) {
        #expect(EditDistance.between(first, second) == expected)
    }
}
