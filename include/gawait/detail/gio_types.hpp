#pragma once

// Written by tools/gio-types from the introspection data of GLib 2.74. The rest of ref.hpp,
// which includes this.

#include "gawait/ref.hpp"

// NOLINTBEGIN(bugprone-reserved-identifier): GIO's names, of headers that are not in gio.h.
struct _GDesktopAppInfo;
struct _GDesktopAppInfoLookup;
struct _GFileDescriptorBased;
struct _GUnixMountMonitor;
// NOLINTEND(bugprone-reserved-identifier)

namespace gawait {

// GObjects and interfaces whose structures are hidden -----------------------------

template <> struct ref_traits<::_GDesktopAppInfo> : gobject_traits<::_GDesktopAppInfo> {};
template <>
struct ref_traits<::_GDesktopAppInfoLookup> : gobject_traits<::_GDesktopAppInfoLookup> {};
template <> struct ref_traits<::_GFileDescriptorBased> : gobject_traits<::_GFileDescriptorBased> {};
template <> struct ref_traits<::_GUnixMountMonitor> : gobject_traits<::_GUnixMountMonitor> {};
template <> struct ref_traits<GAction> : gobject_traits<GAction> {};
template <> struct ref_traits<GActionGroup> : gobject_traits<GActionGroup> {};
template <> struct ref_traits<GActionMap> : gobject_traits<GActionMap> {};
template <> struct ref_traits<GAppInfo> : gobject_traits<GAppInfo> {};
template <> struct ref_traits<GAppInfoMonitor> : gobject_traits<GAppInfoMonitor> {};
template <> struct ref_traits<GAsyncInitable> : gobject_traits<GAsyncInitable> {};
template <> struct ref_traits<GAsyncResult> : gobject_traits<GAsyncResult> {};
template <> struct ref_traits<GBinding> : gobject_traits<GBinding> {};
template <> struct ref_traits<GBindingGroup> : gobject_traits<GBindingGroup> {};
template <> struct ref_traits<GBytesIcon> : gobject_traits<GBytesIcon> {};
template <> struct ref_traits<GCharsetConverter> : gobject_traits<GCharsetConverter> {};
template <> struct ref_traits<GConverter> : gobject_traits<GConverter> {};
template <> struct ref_traits<GCredentials> : gobject_traits<GCredentials> {};
template <> struct ref_traits<GDBusActionGroup> : gobject_traits<GDBusActionGroup> {};
template <> struct ref_traits<GDBusAuthObserver> : gobject_traits<GDBusAuthObserver> {};
template <> struct ref_traits<GDBusConnection> : gobject_traits<GDBusConnection> {};
template <> struct ref_traits<GDBusInterface> : gobject_traits<GDBusInterface> {};
template <> struct ref_traits<GDBusMenuModel> : gobject_traits<GDBusMenuModel> {};
template <> struct ref_traits<GDBusMessage> : gobject_traits<GDBusMessage> {};
template <> struct ref_traits<GDBusMethodInvocation> : gobject_traits<GDBusMethodInvocation> {};
template <> struct ref_traits<GDBusObject> : gobject_traits<GDBusObject> {};
template <> struct ref_traits<GDBusObjectManager> : gobject_traits<GDBusObjectManager> {};
template <> struct ref_traits<GDBusServer> : gobject_traits<GDBusServer> {};
template <> struct ref_traits<GDatagramBased> : gobject_traits<GDatagramBased> {};
template <> struct ref_traits<GDebugController> : gobject_traits<GDebugController> {};
template <> struct ref_traits<GDrive> : gobject_traits<GDrive> {};
template <> struct ref_traits<GDtlsClientConnection> : gobject_traits<GDtlsClientConnection> {};
template <> struct ref_traits<GDtlsConnection> : gobject_traits<GDtlsConnection> {};
template <> struct ref_traits<GDtlsServerConnection> : gobject_traits<GDtlsServerConnection> {};
template <> struct ref_traits<GEmblem> : gobject_traits<GEmblem> {};
template <> struct ref_traits<GFile> : gobject_traits<GFile> {};
template <> struct ref_traits<GFileIcon> : gobject_traits<GFileIcon> {};
template <> struct ref_traits<GFileInfo> : gobject_traits<GFileInfo> {};
template <> struct ref_traits<GFilenameCompleter> : gobject_traits<GFilenameCompleter> {};
template <> struct ref_traits<GIOModule> : gobject_traits<GIOModule> {};
template <> struct ref_traits<GIcon> : gobject_traits<GIcon> {};
template <> struct ref_traits<GInitable> : gobject_traits<GInitable> {};
template <> struct ref_traits<GListModel> : gobject_traits<GListModel> {};
template <> struct ref_traits<GListStore> : gobject_traits<GListStore> {};
template <> struct ref_traits<GLoadableIcon> : gobject_traits<GLoadableIcon> {};
template <> struct ref_traits<GMemoryMonitor> : gobject_traits<GMemoryMonitor> {};
template <> struct ref_traits<GMenu> : gobject_traits<GMenu> {};
template <> struct ref_traits<GMenuItem> : gobject_traits<GMenuItem> {};
template <> struct ref_traits<GMount> : gobject_traits<GMount> {};
template <> struct ref_traits<GNetworkMonitor> : gobject_traits<GNetworkMonitor> {};
template <> struct ref_traits<GNotification> : gobject_traits<GNotification> {};
template <> struct ref_traits<GPollableInputStream> : gobject_traits<GPollableInputStream> {};
template <> struct ref_traits<GPollableOutputStream> : gobject_traits<GPollableOutputStream> {};
template <> struct ref_traits<GPowerProfileMonitor> : gobject_traits<GPowerProfileMonitor> {};
template <> struct ref_traits<GPropertyAction> : gobject_traits<GPropertyAction> {};
template <> struct ref_traits<GProxy> : gobject_traits<GProxy> {};
template <> struct ref_traits<GProxyResolver> : gobject_traits<GProxyResolver> {};
template <> struct ref_traits<GRemoteActionGroup> : gobject_traits<GRemoteActionGroup> {};
template <> struct ref_traits<GSeekable> : gobject_traits<GSeekable> {};
template <> struct ref_traits<GSignalGroup> : gobject_traits<GSignalGroup> {};
template <> struct ref_traits<GSimpleAction> : gobject_traits<GSimpleAction> {};
template <> struct ref_traits<GSimpleAsyncResult> : gobject_traits<GSimpleAsyncResult> {};
template <> struct ref_traits<GSimpleIOStream> : gobject_traits<GSimpleIOStream> {};
template <> struct ref_traits<GSimplePermission> : gobject_traits<GSimplePermission> {};
template <> struct ref_traits<GSocketConnectable> : gobject_traits<GSocketConnectable> {};
template <> struct ref_traits<GSubprocess> : gobject_traits<GSubprocess> {};
template <> struct ref_traits<GSubprocessLauncher> : gobject_traits<GSubprocessLauncher> {};
template <> struct ref_traits<GTask> : gobject_traits<GTask> {};
template <> struct ref_traits<GTestDBus> : gobject_traits<GTestDBus> {};
template <> struct ref_traits<GThemedIcon> : gobject_traits<GThemedIcon> {};
template <> struct ref_traits<GTlsBackend> : gobject_traits<GTlsBackend> {};
template <> struct ref_traits<GTlsClientConnection> : gobject_traits<GTlsClientConnection> {};
template <> struct ref_traits<GTlsFileDatabase> : gobject_traits<GTlsFileDatabase> {};
template <> struct ref_traits<GTlsServerConnection> : gobject_traits<GTlsServerConnection> {};
template <> struct ref_traits<GTypePlugin> : gobject_traits<GTypePlugin> {};
template <> struct ref_traits<GVolume> : gobject_traits<GVolume> {};
template <> struct ref_traits<GZlibCompressor> : gobject_traits<GZlibCompressor> {};
template <> struct ref_traits<GZlibDecompressor> : gobject_traits<GZlibDecompressor> {};

// Other reference-counted types ----------------------------------------------------

template <>
struct ref_traits<GAsyncQueue>
    : ref_functions<GAsyncQueue, g_async_queue_ref, g_async_queue_unref> {};
template <> struct ref_traits<GBytes> : ref_functions<GBytes, g_bytes_ref, g_bytes_unref> {};
template <>
struct ref_traits<GClosure> : ref_functions<GClosure, g_closure_ref, g_closure_unref> {};
template <>
struct ref_traits<GDBusAnnotationInfo>
    : ref_functions<GDBusAnnotationInfo, g_dbus_annotation_info_ref, g_dbus_annotation_info_unref> {
};
template <>
struct ref_traits<GDBusArgInfo>
    : ref_functions<GDBusArgInfo, g_dbus_arg_info_ref, g_dbus_arg_info_unref> {};
template <>
struct ref_traits<GDBusInterfaceInfo>
    : ref_functions<GDBusInterfaceInfo, g_dbus_interface_info_ref, g_dbus_interface_info_unref> {};
template <>
struct ref_traits<GDBusMethodInfo>
    : ref_functions<GDBusMethodInfo, g_dbus_method_info_ref, g_dbus_method_info_unref> {};
template <>
struct ref_traits<GDBusNodeInfo>
    : ref_functions<GDBusNodeInfo, g_dbus_node_info_ref, g_dbus_node_info_unref> {};
template <>
struct ref_traits<GDBusPropertyInfo>
    : ref_functions<GDBusPropertyInfo, g_dbus_property_info_ref, g_dbus_property_info_unref> {};
template <>
struct ref_traits<GDBusSignalInfo>
    : ref_functions<GDBusSignalInfo, g_dbus_signal_info_ref, g_dbus_signal_info_unref> {};
template <>
struct ref_traits<GDateTime> : ref_functions<GDateTime, g_date_time_ref, g_date_time_unref> {};
template <>
struct ref_traits<GFileAttributeInfoList>
    : ref_functions<GFileAttributeInfoList, g_file_attribute_info_list_ref,
                    g_file_attribute_info_list_unref> {};
template <>
struct ref_traits<GFileAttributeMatcher>
    : ref_functions<GFileAttributeMatcher, g_file_attribute_matcher_ref,
                    g_file_attribute_matcher_unref> {};
template <> struct ref_traits<GHmac> : ref_functions<GHmac, g_hmac_ref, g_hmac_unref> {};
template <>
struct ref_traits<GIOChannel> : ref_functions<GIOChannel, g_io_channel_ref, g_io_channel_unref> {};
template <>
struct ref_traits<GKeyFile> : ref_functions<GKeyFile, g_key_file_ref, g_key_file_unref> {};
template <>
struct ref_traits<GMainContext>
    : ref_functions<GMainContext, g_main_context_ref, g_main_context_unref> {};
template <>
struct ref_traits<GMainLoop> : ref_functions<GMainLoop, g_main_loop_ref, g_main_loop_unref> {};
template <>
struct ref_traits<GMappedFile>
    : ref_functions<GMappedFile, g_mapped_file_ref, g_mapped_file_unref> {};
template <>
struct ref_traits<GMarkupParseContext>
    : ref_functions<GMarkupParseContext, g_markup_parse_context_ref, g_markup_parse_context_unref> {
};
template <>
struct ref_traits<GMatchInfo> : ref_functions<GMatchInfo, g_match_info_ref, g_match_info_unref> {};
template <>
struct ref_traits<GOptionGroup>
    : ref_functions<GOptionGroup, g_option_group_ref, g_option_group_unref> {};
template <> struct ref_traits<GRegex> : ref_functions<GRegex, g_regex_ref, g_regex_unref> {};
template <>
struct ref_traits<GResource> : ref_functions<GResource, g_resource_ref, g_resource_unref> {};
template <>
struct ref_traits<GSettingsSchema>
    : ref_functions<GSettingsSchema, g_settings_schema_ref, g_settings_schema_unref> {};
template <>
struct ref_traits<GSettingsSchemaKey>
    : ref_functions<GSettingsSchemaKey, g_settings_schema_key_ref, g_settings_schema_key_unref> {};
template <>
struct ref_traits<GSettingsSchemaSource>
    : ref_functions<GSettingsSchemaSource, g_settings_schema_source_ref,
                    g_settings_schema_source_unref> {};
template <> struct ref_traits<GSource> : ref_functions<GSource, g_source_ref, g_source_unref> {};
template <>
struct ref_traits<GStrvBuilder>
    : ref_functions<GStrvBuilder, g_strv_builder_ref, g_strv_builder_unref> {};
template <> struct ref_traits<GThread> : ref_functions<GThread, g_thread_ref, g_thread_unref> {};
template <>
struct ref_traits<GTimeZone> : ref_functions<GTimeZone, g_time_zone_ref, g_time_zone_unref> {};
template <> struct ref_traits<GTree> : ref_functions<GTree, g_tree_ref, g_tree_unref> {};
template <> struct ref_traits<GUri> : ref_functions<GUri, g_uri_ref, g_uri_unref> {};
template <>
struct ref_traits<GVariant> : ref_functions<GVariant, g_variant_ref, g_variant_unref> {};
template <>
struct ref_traits<GVariantBuilder>
    : ref_functions<GVariantBuilder, g_variant_builder_ref, g_variant_builder_unref> {};
template <>
struct ref_traits<GVariantDict>
    : ref_functions<GVariantDict, g_variant_dict_ref, g_variant_dict_unref> {};

// Types with one owner: a `ref` or `list` of them can be moved and not copied ------

template <>
struct ref_traits<GBookmarkFile> : free_function<GBookmarkFile, g_bookmark_file_free> {};
template <> struct ref_traits<GChecksum> : free_function<GChecksum, g_checksum_free> {};
template <> struct ref_traits<GDate> : free_function<GDate, g_date_free> {};
template <> struct ref_traits<GError> : free_function<GError, g_error_free> {};
template <>
struct ref_traits<GOptionContext> : free_function<GOptionContext, g_option_context_free> {};
template <> struct ref_traits<GPatternSpec> : free_function<GPatternSpec, g_pattern_spec_free> {};
template <> struct ref_traits<GRand> : free_function<GRand, g_rand_free> {};
template <> struct ref_traits<GSequence> : free_function<GSequence, g_sequence_free> {};
template <> struct ref_traits<GSrvTarget> : free_function<GSrvTarget, g_srv_target_free> {};
template <> struct ref_traits<GStringChunk> : free_function<GStringChunk, g_string_chunk_free> {};
template <> struct ref_traits<GVariantIter> : free_function<GVariantIter, g_variant_iter_free> {};
template <> struct ref_traits<GVariantType> : free_function<GVariantType, g_variant_type_free> {};

} // namespace gawait
