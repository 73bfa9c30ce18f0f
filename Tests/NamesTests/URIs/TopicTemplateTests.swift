import Testing

@testable import Names

@Suite struct TopicTemplateTests {
    @Test func parts() throws {
        let template = try TopicTemplate("com.{a}.x{b}")
        #expect(template.parts == [.text("com."), .key("a"), .text(".x"), .key("b")])
        #expect(template.sample == "com.key.xkey")
        #expect(!template.isFixed)
        #expect(template.description == "com.{a}.x{b}")
    }

    @Test func fixed() throws {
        #expect(try TopicTemplate("com.example").parts == [.text("com.example")])
        #expect(try TopicTemplate("com.example").isFixed)
        #expect(try TopicTemplate("").parts.isEmpty)
    }

    @Test(arguments: ["{", "}", "a.{b", "a.b}", "a.{}", "a.{b{c}}", "{a}}"])
    func faults(_ text: String) {
        #expect(throws: TopicTemplate.Fault.self) { try TopicTemplate(text) }
    }
}
