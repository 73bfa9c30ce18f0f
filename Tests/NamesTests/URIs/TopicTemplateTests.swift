import Testing

@testable import Names

@Suite struct TopicTemplateTests {
    @Test func parts() throws {
        let template = try TopicTemplate("com.{a}.x{b}")
        #expect(template.parts == [.text("com."), .key("a"), .text(".x"), .key("b")])
        #expect(template.sample.text == "com.key.xkey")
        #expect(template.fixed == nil)
        #expect(template.description == "com.{a}.x{b}")
    }

    @Test func fixed() throws {
        #expect(try TopicTemplate("com.example").parts == [.text("com.example")])
        #expect(try TopicTemplate("com.example").fixed == URI("com.example"))
    }

    @Test(arguments: [
        ("{", TopicTemplateError.openBrace), ("}", .closingBrace), ("a.{b", .openBrace), ("a.b}", .closingBrace),
        ("a.{}", .emptyKey), ("a.{b{c}}", .openBrace), ("{a}}", .closingBrace), ("", .uri(.empty)),
        ("a..{b}", .uri(.emptyComponent)), ("{a}#", .uri(.numberSign)),
    ])
    func faults(_ text: String, _ error: TopicTemplateError) {
        #expect(throws: error) { try TopicTemplate(text) }
    }
}
