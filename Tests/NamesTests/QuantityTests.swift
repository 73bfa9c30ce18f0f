import Names
import Testing

@Suite struct QuantityTests {
    @Test(arguments: [(0, "0 procedures"), (1, "1 procedure"), (2, "2 procedures"), (11, "11 procedures")])
    func nounsAgree(_ count: Int, _ text: String) {
        #expect("\(Quantity(count, "procedure"))" == text)
    }

    @Test(arguments: [(0, "0"), (999, "999"), (1_000, "1,000"), (53_120, "53,120"), (-1_234_567, "-1,234,567")])
    func digitsAreInGroups(_ number: Int, _ text: String) {
        #expect(Quantity.grouped(number) == text)
    }
}
