import Testing

@testable import SidecarConfiguration

@Suite struct QuantitiesTests {
    @Test(arguments: [
        ("500ms", Duration.milliseconds(500)), ("2s", .seconds(2)), ("5m", .seconds(300)), ("1h", .seconds(3600)),
        ("30d", .seconds(2_592_000)), ("0s", .zero),
    ])
    func durations(_ text: String, _ expected: Duration) {
        #expect(Quantities.duration(text) == expected)
    }

    @Test(arguments: [
        "", "5", "s", "-5s", "+5s", "5 s", "1.5s", "5S", "5sec", "5s ", "٥s", "99999999999999999999s",
        "9223372036854775807d", "1m30s",
    ])
    func noDurations(_ text: String) {
        #expect(Quantities.duration(text) == nil)
    }

    @Test(arguments: [
        ("1B", 1), ("64KiB", 65_536), ("8MiB", 8_388_608), ("1GiB", 1_073_741_824), ("2KB", 2000), ("3MB", 3_000_000),
        ("1GB", 1_000_000_000),
    ])
    func sizes(_ text: String, _ expected: Int) {
        #expect(Quantities.size(text) == expected)
    }

    @Test(arguments: ["", "8", "8M", "8mib", "8 MiB", "-1B", "9223372036854775807KiB", "1.5MiB"])
    func noSizes(_ text: String) {
        #expect(Quantities.size(text) == nil)
    }

    @Test(arguments: ["1ms", "1500ms", "59s", "5m", "24d", "1h"])
    func writesDurationsAsTheyAreRead(_ text: String) throws {
        #expect(Quantities.text(try #require(Quantities.duration(text))) == text)
    }

    @Test(arguments: ["1B", "1025B", "64KiB", "8MiB", "1GiB"])
    func writesSizesAsTheyAreRead(_ text: String) throws {
        #expect(Quantities.text(try #require(Quantities.size(text))) == text)
    }
}
